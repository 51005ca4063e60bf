// SPDX-License-Identifier: GPL-2.0-or-later
/* Lists of fields: those of -o, all of them, and what has to be collected for them. */
#include "vzlist/vzlist.h"
#include "base/near.h"
#include "base/own.h"
#include "show/table.h"

/* The legacy tool's bound of a field's name; longer ones get another message. */
#define NAME_MAX_LEN 30

static int unknown_field(const char *name, struct vz_err *e)
{
	struct vz_near near = { .word = name };

	for (size_t i = 0; i < vl_nrows; i++)
		vz_near_try(&near, vl_rows[i].field);
	return vz_fail(e, VZ_INVALID_PARAMETER_VALUE, 0, "Unknown field: %s%s%s%s", name,
		       near.best ? ", did you mean " : "", near.best ? near.best : "",
		       near.best ? "?" : "");
}

static int parse_one(const char *name, size_t len, bool json, struct vl_column *ret,
		     struct vz_err *e)
{
	char buf[NAME_MAX_LEN + 1];

	if (len > NAME_MAX_LEN)
		return vz_fail(e, VZ_INVALID_PARAMETER_VALUE, 0, "Invalid field: %s", name);
	memcpy(buf, name, len);
	buf[len] = 0;
	if (!vl_find(buf, ret))
		return unknown_field(buf, e);
	if (json && ret->part)
		return vz_fail(e, VZ_INVALID_PARAMETER_VALUE, 0, "Field `%s' is not available in JSON output", buf);
	return 0;
}

int vl_parse_fields(const char *list, bool json, struct vl_columns *ret, struct vz_err *e)
{
	size_t n = 0, room = 1;
	autofree struct vl_column *v = NULL;

	for (const char *p = list; *p; p++)
		room += *p == ',';
	v = calloc(room, sizeof(*v));
	if (!v)
		return vz_oom(e);
	do {
		size_t len = strcspn(list, ",");
		int r = parse_one(list, len, json, &v[n], e);

		if (r < 0)
			return r;
		n++;
		list += len;
	} while (*list && *++list); /* one comma at the end is allowed */
	*ret = (struct vl_columns){ .v = TAKE_PTR(v), .n = n };
	return 0;
}

int vl_all_fields(struct vl_columns *ret, struct vz_err *e)
{
	struct vl_column *v = calloc(vl_nrows, sizeof(*v));
	size_t n = 0;

	if (!v)
		return vz_oom(e);
	for (size_t i = 0; i < vl_nrows; i++)
		if (!(vl_rows[i].flags & VL_DEAR))
			v[n++] = vl_column_of(&vl_rows[i], 0);
	*ret = (struct vl_columns){ .v = v, .n = n };
	return 0;
}

unsigned vl_needs(const struct vl_columns *cs)
{
	unsigned need = 0;

	for (size_t i = 0; i < cs->n; i++)
		need |= cs->v[i].row->need;
	return need;
}

void vl_names(struct vz_str *out)
{
	struct vz_table t = { .out = out, .keep_blanks = true };
	char name[64], title[64];

	for (size_t i = 0; i < vl_nrows; i++)
		for (unsigned part = 0; part < vl_nparts(&vl_rows[i]); part++) {
			struct vl_column c = vl_column_of(&vl_rows[i], part);

			vl_name(&c, name, sizeof(name));
			vl_title(&c, title, sizeof(title));
			vz_table_cell(&t, name, -15, false);
			vz_table_cell(&t, title, -15, false);
			vz_table_end_line(&t);
		}
}
