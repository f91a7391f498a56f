// SPDX-License-Identifier: LGPL-2.1-or-later
/* Shows a token, the only time that anybody sees it. */
#pragma once

#include <json-c/json.h>

#include "ctl/ctl.h"

/*
 * Writes it to standard output, in one of three forms: the bare token and a line end (quiet), as
 * the last member of the JSON object `json`, or indented beneath `sentence`, which says whose it
 * is. No copy is left in memory of this program but the caller's.
 */
int secret_show(const char *token, const char *sentence, struct json_object *json, bool quiet);
