// SPDX-License-Identifier: LGPL-2.1-or-later
#include "camera/choices.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"

int choices_keep(struct choices *choices, const char *control, int32_t value)
{
	size_t i = 0;

	while (i < choices->n && strcmp(choices->of[i].control, control) != 0)
		i++;
	if (i == CHOICES_MAX)
		return -ENOBUFS;
	if (i == choices->n)
		choices->n++;
	snprintf(choices->of[i].control, PROTO_CONTROL_SIZE, "%s", control);
	choices->of[i].value = value;
	return 0;
}

void choices_apply(const struct choices *choices, struct source *source)
{
	for (size_t i = 0; i < choices->n; i++) {
		int32_t value = choices->of[i].value;
		int r = source_set_control(source, choices->of[i].control, &value, false);

		if (r < 0)
			log_warning("control %s is not set to %d: %s", choices->of[i].control,
				    choices->of[i].value,
				    r == -ENOTTY ? "the device has none of this name"
						 : strerror(-r));
	}
}
