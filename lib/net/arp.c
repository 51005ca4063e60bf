// SPDX-License-Identifier: GPL-2.0-or-later
/* Bytes of ARP frames; see arp.h. */
#include "net/arp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <net/if_arp.h>
#include <linux/if_ether.h>

#include "base/own.h"

struct arp_frame {
	uint8_t to[VZ_MAC], from[VZ_MAC];
	uint16_t ethertype;
	uint16_t hw_type, protocol;
	uint8_t hw_size, protocol_size;
	uint16_t op;
	uint8_t sender_mac[VZ_MAC];
	uint8_t sender[4];
	uint8_t target_mac[VZ_MAC];
	uint8_t target[4];
} __attribute__((packed));

void vz_arp_put(uint8_t frame[static VZ_ARP_FRAME], const struct vz_arp *a)
{
	struct arp_frame f = {
		.ethertype = htons(ETH_P_ARP),
		.hw_type = htons(ARPHRD_ETHER),
		.protocol = htons(ETH_P_IP),
		.hw_size = VZ_MAC,
		.protocol_size = sizeof(f.sender),
		.op = htons(a->op),
	};

	memcpy(f.to, a->to, VZ_MAC);
	memcpy(f.from, a->from, VZ_MAC);
	memcpy(f.sender_mac, a->sender_mac, VZ_MAC);
	memcpy(f.sender, &a->sender, sizeof(f.sender));
	memcpy(f.target_mac, a->target_mac, VZ_MAC);
	memcpy(f.target, &a->target, sizeof(f.target));
	memset(frame, 0, VZ_ARP_FRAME);
	memcpy(frame, &f, sizeof(f));
}

int vz_arp_parse(const void *frame, size_t len, struct vz_arp *ret)
{
	struct arp_frame f;

	if (len < sizeof(f))
		return -EINVAL;
	memcpy(&f, frame, sizeof(f));
	if (f.ethertype != htons(ETH_P_ARP) || f.hw_type != htons(ARPHRD_ETHER) ||
	    f.protocol != htons(ETH_P_IP) || f.hw_size != VZ_MAC || f.protocol_size != sizeof(f.sender))
		return -EINVAL;
	if (f.op != htons(ARPOP_REQUEST) && f.op != htons(ARPOP_REPLY))
		return -EINVAL;
	*ret = (struct vz_arp){ .op = ntohs(f.op) };
	memcpy(ret->to, f.to, VZ_MAC);
	memcpy(ret->from, f.from, VZ_MAC);
	memcpy(ret->sender_mac, f.sender_mac, VZ_MAC);
	memcpy(&ret->sender, f.sender, sizeof(f.sender));
	memcpy(ret->target_mac, f.target_mac, VZ_MAC);
	memcpy(&ret->target, f.target, sizeof(f.target));
	return 0;
}

bool vz_arp_claims(const struct vz_arp *a, struct in_addr ip)
{
	if (!a->sender.s_addr)
		return a->op == ARPOP_REQUEST && a->target.s_addr == ip.s_addr;
	return a->sender.s_addr == ip.s_addr;
}

/*
 *	sender in ip[]: pass    sender not 0: drop    target in ip[]: pass    drop
 *
 * A jump counts the instructions it leaps over, in eight bits: hence VZ_ARP_FILTER_IPS.
 */
void vz_arp_filter(const struct vz_ip *ip, size_t n, struct sock_filter code[static VZ_ARP_FILTER],
		   struct sock_fprog *ret)
{
	const uint32_t field[] = { offsetof(struct arp_frame, sender),
				   offsetof(struct arp_frame, target) };
	uint32_t want[VZ_ARP_FILTER_IPS];
	uint16_t at = 0, end;
	size_t k = 0;

	for (size_t i = 0; i < n; i++) {
		if (ip[i].family != AF_INET)
			continue;
		if (k < VZ_ARP_FILTER_IPS)
			want[k] = ntohl(ip[i].v4.s_addr);
		k++;
	}
	if (k <= VZ_ARP_FILTER_IPS) {
		end = (uint16_t)(2 * (k + 1) + 1); /* where "drop" will stand; "pass" follows */
		for (size_t f = 0; f < ARRAY_LEN(field); f++) {
			code[at] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, field[f]);
			at++;
			for (size_t i = 0; i < k; i++, at++)
				code[at] = (struct sock_filter)BPF_JUMP(
					BPF_JMP | BPF_JEQ | BPF_K, want[i], (uint8_t)(end - at), 0);
			if (!f) {
				code[at] = (struct sock_filter)BPF_JUMP(
					BPF_JMP | BPF_JEQ | BPF_K, 0, 0, (uint8_t)(end - at - 1));
				at++;
			}
		}
		code[at++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, 0);
	}
	code[at++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, ~0U);
	*ret = (struct sock_fprog){ .len = at, .filter = code };
}
