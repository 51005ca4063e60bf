/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Gives every file named on the command line to a fuzz target once: what fuzzing has found stays
 * found, also with compilers that cannot fuzz.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int main(int argc, char **argv)
{
	static uint8_t buf[1 << 20];

	for (int i = 1; i < argc; i++) {
		FILE *f = fopen(argv[i], "re");
		uint8_t *data;
		size_t n;

		if (!f) {
			perror(argv[i]);
			return 1;
		}
		n = fread(buf, 1, sizeof(buf), f);
		fclose(f);
		/* Exactly as long as the input, so that reading past its end is seen. */
		data = malloc(n ? n : 1);
		for (size_t k = 0; k < n; k++)
			data[k] = buf[k];
		LLVMFuzzerTestOneInput(data, n);
		free(data);
	}
	printf("%d inputs\n", argc - 1);
	return 0;
}
