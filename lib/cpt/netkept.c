// SPDX-License-Identifier: GPL-2.0-or-later
/* See netkept.h. Devices have their settings before routes lead to them. */
#include "cpt/netkept.h"
#include "cpt/links.h"
#include "cpt/netsys.h"
#include "cpt/offloads.h"
#include "cpt/routes.h"

int vz_netkept_save(int netns, struct vz_image *im, struct vz_err *e)
{
	int r = vz_netsys_save(netns, im, e);

	if (r >= 0)
		r = vz_links_save(netns, im, e);
	if (r >= 0)
		r = vz_offloads_save(netns, im, e);
	return r < 0 ? r : vz_routes_save(netns, im, e);
}

int vz_netkept_load(int netns, const struct vz_image *im, struct vz_err *e)
{
	int r = vz_netsys_load(netns, im, e);

	if (r >= 0)
		r = vz_links_load(netns, im, e);
	if (r >= 0)
		r = vz_offloads_load(netns, im, e);
	return r < 0 ? r : vz_routes_load(netns, im, e);
}
