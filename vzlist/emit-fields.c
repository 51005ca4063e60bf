// SPDX-License-Identifier: GPL-2.0-or-later
/* The list of fields as roff, for vzlist(8). Run when the manual is made, never installed. */
#include "vzlist/vzlist.h"
#include "base/own.h"

int main(void)
{
	for (size_t i = 0; i < vl_nrows; i++) {
		const struct vl_row *r = &vl_rows[i];
		struct vl_column c = vl_column_of(r, 0);
		char title[64];

		if (!r->title && !c.param) {
			fprintf(stderr, "%s: no parameter has this column\n", r->field);
			return EXIT_FAILURE;
		}
		vl_title(&c, title, sizeof(title));
		printf(".TP\n\\fB%s\\fR", r->field);
		for (unsigned part = 1; part < vl_nparts(r); part++)
			printf(", \\fB%s\\fR", r->parts[part].suffix);
		printf(" (%s)\n", title);
		if (r->text)
			vz_emit_roff(stdout, r->text);
		else
			vz_emit_text(stdout, c.param);
		putchar('\n');
	}
	return EXIT_SUCCESS;
}
