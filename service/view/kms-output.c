// SPDX-License-Identifier: LGPL-2.1-or-later
#include "view/kms-output.h"

#include <errno.h>
#include <stdio.h>

#include "base/cleanup.h"

#define WHY_SIZE (KMS_WHY_SIZE / 2)

static void name_connector(const drmModeConnector *c, char name[KMS_NAME_SIZE])
{
	const char *type = drmModeGetConnectorTypeName(c->connector_type);

	snprintf(name, KMS_NAME_SIZE, "%s-%u", type ? type : "Unknown", c->connector_type_id);
}

/* One of those that were there, for whoever asked for another. */
static void list(char *names, size_t size, const char *name, bool connected)
{
	size_t n = strlen(names);

	snprintf(names + n, size - n, "%s%s%s", n > 0 ? ", " : "", name,
		 connected ? "" : " (no screen)");
}

static const drmModeModeInfo *preferred_mode(const drmModeConnector *c)
{
	for (int i = 0; i < c->count_modes; i++)
		if (c->modes[i].type & DRM_MODE_TYPE_PREFERRED)
			return &c->modes[i];
	return c->count_modes > 0 ? &c->modes[0] : NULL;
}

static bool take_connector(struct kms *k, const drmModeConnector *c)
{
	const drmModeModeInfo *mode = preferred_mode(c);

	if (c->connection != DRM_MODE_CONNECTED || !mode)
		return false;
	name_connector(c, k->output.name);
	k->output.connector = c->connector_id;
	k->output.mode = *mode;
	return true;
}

/* The connector is the caller's. */
static drmModeConnector *find_connector(struct kms *k, const drmModeRes *resources,
					const char *wanted, char why[WHY_SIZE])
{
	char name[KMS_NAME_SIZE], names[WHY_SIZE / 2] = "";
	bool known = false;

	for (int i = 0; i < resources->count_connectors; i++) {
		drmModeConnector *c = drmModeGetConnector(k->fd, resources->connectors[i]);

		if (!c)
			continue;
		name_connector(c, name);
		list(names, sizeof(names), name, c->connection == DRM_MODE_CONNECTED);
		known |= wanted && strcmp(name, wanted) == 0;
		if ((!wanted || strcmp(name, wanted) == 0) && take_connector(k, c))
			return c;
		drmModeFreeConnector(c);
	}
	if (wanted && !known)
		snprintf(why, WHY_SIZE, "it has no connector %.20s, but: %s", wanted, names);
	else
		snprintf(why, WHY_SIZE, "no screen is plugged in: %s", names[0] ? names : "none");
	return NULL;
}

static int crtc_index(const drmModeRes *resources, uint32_t id)
{
	for (int i = 0; i < resources->count_crtcs; i++)
		if (resources->crtcs[i] == id)
			return i;
	return -1;
}

static bool is_free(const struct kms *k, uint32_t id)
{
	drmModeCrtc *crtc = drmModeGetCrtc(k->fd, id);
	bool idle = crtc && !crtc->mode_valid;

	drmModeFreeCrtc(crtc);
	return idle;
}

/* The one that feeds it, else a free one that can; -1: neither. */
static int find_crtc(const struct kms *k, const drmModeRes *resources, const drmModeConnector *c)
{
	drmModeEncoder *encoder = c->encoder_id ? drmModeGetEncoder(k->fd, c->encoder_id) : NULL;
	int found = encoder ? crtc_index(resources, encoder->crtc_id) : -1;

	drmModeFreeEncoder(encoder);
	for (int i = 0; found < 0 && i < c->count_encoders; i++) {
		encoder = drmModeGetEncoder(k->fd, c->encoders[i]);
		for (int n = 0; encoder && found < 0 && n < resources->count_crtcs; n++)
			if ((encoder->possible_crtcs >> n & 1) && is_free(k, resources->crtcs[n]))
				found = n;
		drmModeFreeEncoder(encoder);
	}
	return found;
}

static int find_properties(struct kms *k, char why[WHY_SIZE])
{
	struct kms_output *o = &k->output;

	o->connector_crtc =
		kms_property(k, o->connector, DRM_MODE_OBJECT_CONNECTOR, "CRTC_ID", NULL);
	o->crtc_mode = kms_property(k, o->crtc, DRM_MODE_OBJECT_CRTC, "MODE_ID", NULL);
	o->crtc_active = kms_property(k, o->crtc, DRM_MODE_OBJECT_CRTC, "ACTIVE", NULL);
	if (o->connector_crtc && o->crtc_mode && o->crtc_active)
		return 0;
	snprintf(why, WHY_SIZE, "its driver lacks properties of atomic mode setting");
	return -ENOTSUP;
}

int kms_output_find(struct kms *k, const char *connector, char why[WHY_SIZE])
{
	drmModeRes *resources = drmModeGetResources(k->fd);
	drmModeConnector *c;
	int index = -1;

	if (!resources) {
		snprintf(why, WHY_SIZE, "%s", strerror(errno));
		return -errno;
	}
	c = find_connector(k, resources, connector, why);
	if (c) {
		index = find_crtc(k, resources, c);
		snprintf(why, WHY_SIZE, "nothing is free to feed %s", k->output.name);
	}
	if (index >= 0) {
		k->output.crtc = resources->crtcs[index];
		k->output.crtc_bit = UINT32_C(1) << index;
	}
	drmModeFreeResources(resources);
	if (!c)
		return -ENXIO;
	drmModeFreeConnector(c);
	return index < 0 ? -EBUSY : find_properties(k, why);
}
