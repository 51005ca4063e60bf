// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Host ids for user namespaces: every VPS has 65536 of its own, out of VE_ID_RANGE. The claim is a
 * link VZ_STATEDIR/ids/FIRST -> N, made atomically; a claim whose VPS is gone (no configuration
 * that says so, and no command at work on it) may be taken over.
 */
#include "ct/ct.h"
#include "base/num.h"
#include "base/own.h"
#include "base/str.h"
#include "param/ranges.h"
#include "sys/file.h"
#include "sys/idmap.h"

#include <limits.h>

#define IDS_DIR VZ_STATEDIR "/ids"

int vz_ids_range(const struct vz_conf *c, uint32_t *first, uint32_t *slots)
{
	struct vz_range ids;
	int r = vz_conf_id_range(c, &ids);

	if (r < 0)
		return r;
	if (!ids.first)
		return -EINVAL;
	*first = ids.first;
	*slots = (uint32_t)(((uint64_t)ids.last - ids.first + 1) / VZ_IDS_PER_VPS);
	return *slots ? 0 : -EINVAL;
}

/* The VPS that has claimed `first`: its id, or -errno. */
static int64_t owner_of(uint32_t first)
{
	char path[sizeof(IDS_DIR) + 12], to[16];
	uint32_t id;
	ssize_t n;

	snprintf(path, sizeof(path), "%s/%u", IDS_DIR, first);
	n = readlink(path, to, sizeof(to) - 1);
	if (n < 0)
		return -errno;
	to[n] = 0;
	return vz_num_u32(to, VZ_CTID_MAX, &id) < 0 ? -EINVAL : (int64_t)id;
}

/* Does VPS `id` still want `first`? */
static bool claim_is_good(const struct vz_host *h, unsigned id, uint32_t first)
{
	struct vz_ct other = { 0 };
	bool good;

	if (vz_ct_load(h, id, &other, NULL, NULL) < 0)
		return true; /* unreadable is not gone */
	good = vz_ct_is_given_away(&other) ||
	       (other.has_conf && other.own.local_uid.set && other.own.local_uid.v == first);
	vz_ct_free(&other);
	return good || vz_ct_lock_holder(h, id) > 0;
}

/* 1 claimed, 0 somebody else has it. */
static int try_claim(const struct vz_ct *ct, uint32_t first)
{
	char path[sizeof(IDS_DIR) + 12], mine[16];
	int64_t owner;

	snprintf(path, sizeof(path), "%s/%u", IDS_DIR, first);
	snprintf(mine, sizeof(mine), "%u", ct->id);
	for (int tries = 0; tries < 3; tries++) {
		if (!symlink(mine, path))
			return 1;
		if (errno != EEXIST)
			return -errno;
		owner = owner_of(first);
		if (owner == (int64_t)ct->id)
			return 1;
		if (owner >= 0 && claim_is_good(ct->host, (unsigned)owner, first))
			return 0;
		if (owner != -ENOENT && unlink(path) < 0 && errno != ENOENT)
			return -errno;
	}
	return 0;
}

int vz_ids_claim(const struct vz_ct *ct, uint32_t *ret_first, struct vz_err *e)
{
	uint32_t first, slots;
	int r = vz_ids_range(&ct->host->conf, &first, &slots);

	if (r < 0)
		return vz_fail(e, VZ_INVALID_CONFIG, 0,
			       "VE_ID_RANGE must be FIRST-LAST with at least %u ids",
			       VZ_IDS_PER_VPS);
	r = vz_mkdir_p(IDS_DIR, 0755);
	for (uint32_t i = 0; r >= 0 && i < slots; i++) {
		uint32_t slot = (uint32_t)(((uint64_t)ct->id + i) % slots);
		uint32_t at = first + slot * VZ_IDS_PER_VPS;

		r = try_claim(ct, at);
		if (r > 0) {
			*ret_first = at;
			return 0;
		}
	}
	if (r < 0)
		return vz_fail(e, VZ_SYSTEM, -r, "cannot claim host ids in %s", IDS_DIR);
	return vz_fail(e, VZ_RESOURCE, 0, "All %u id ranges of VE_ID_RANGE are in use", slots);
}

int vz_ids_verify(const struct vz_ct *ct, uint32_t first, struct vz_err *e)
{
	int64_t owner = owner_of(first);
	int r;

	if (owner == (int64_t)ct->id)
		return 0;
	r = vz_mkdir_p(IDS_DIR, 0755);
	if (r >= 0)
		r = try_claim(ct, first);
	if (r < 0)
		return vz_fail(e, VZ_SYSTEM, -r, "cannot claim host ids %u in %s", first, IDS_DIR);
	if (!r) {
		(void)vz_fail(e, VZ_FS_BAD_TMPL, 0,
			      "Host ids %u-%u belong to container %lld already. Refusing to run.",
			      first, first + VZ_IDS_PER_VPS - 1, (long long)owner_of(first));
		return -EEXIST;
	}
	return 0;
}

void vz_ids_release(unsigned id)
{
	unsigned *firsts = NULL;
	size_t n = 0;
	char path[sizeof(IDS_DIR) + 12];

	if (vz_ids_list(&firsts, &n) < 0)
		return;
	for (size_t i = 0; i < n; i++) {
		if (owner_of(firsts[i]) != (int64_t)id)
			continue;
		snprintf(path, sizeof(path), "%s/%u", IDS_DIR, firsts[i]);
		(void)unlink(path);
	}
	free(firsts);
}

int vz_ids_list(unsigned **ret, size_t *ret_n)
{
	return vz_ids_in_dir(IDS_DIR, "", ret, ret_n);
}

int vz_ids_in_use(const struct vz_host *h, unsigned **ret, size_t *ret_n)
{
	size_t n = 0;
	int r = vz_ids_list(ret, ret_n);

	if (r < 0)
		return r;
	for (size_t i = 0; i < *ret_n; i++) {
		int64_t owner = owner_of((*ret)[i]);

		if (owner == -ENOENT || (owner >= 0 && !claim_is_good(h, (unsigned)owner, (*ret)[i])))
			continue;
		(*ret)[n++] = (*ret)[i];
	}
	*ret_n = n;
	return r;
}
