// SPDX-License-Identifier: LGPL-2.1-or-later
#include "dbus/rights.h"

#include <stdbool.h>
#include <string.h>

#include "base/cleanup.h"
#include "dbus/names.h"

static const struct {
	uint32_t right;
	const char *text;
} rights_texts[] = {
	{RIGHT_LIVE, CAMWARD_RIGHT_LIVE},
	{RIGHT_STILL, CAMWARD_RIGHT_STILL},
	{RIGHT_RAW, CAMWARD_RIGHT_RAW},
};

static uint32_t right_of(const char *text)
{
	for (size_t i = 0; i < ARRAY_SIZE(rights_texts); i++)
		if (!strcmp(rights_texts[i].text, text))
			return rights_texts[i].right;
	return 0;
}

int rights_read(sd_bus_message *m, uint32_t *ret)
{
	uint32_t set = 0;
	bool good = true;
	const char *text;
	int r = sd_bus_message_enter_container(m, 'a', "s");

	if (r < 0)
		return r;
	while ((r = sd_bus_message_read(m, "s", &text)) > 0) {
		uint32_t right = right_of(text);

		good = good && right && !(set & right);
		set |= right;
	}
	*ret = good ? set : 0;
	return r < 0 ? r : sd_bus_message_exit_container(m);
}

int rights_append(sd_bus_message *m, uint32_t rights)
{
	int r = sd_bus_message_open_container(m, 'a', "s");

	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(rights_texts); i++)
		if (rights & rights_texts[i].right)
			r = sd_bus_message_append(m, "s", rights_texts[i].text);
	return r < 0 ? r : sd_bus_message_close_container(m);
}

const char *rights_text(uint32_t right)
{
	for (size_t i = 0; i < ARRAY_SIZE(rights_texts); i++)
		if (rights_texts[i].right == right)
			return rights_texts[i].text;
	return "";
}
