// SPDX-License-Identifier: LGPL-2.1-or-later
/* Hardware encoders and converters among the video nodes, and cards among those of DRM. */
#pragma once

/* 1: the node is an encoder that makes H.264 of raw pictures; 0: it is something else. Errors: of
 * open(). */
int encoder_probe(const char *node);
/* The same of a converter that makes 4:2:0 of what cameras give. */
int converter_probe(const char *node);
/* And of a graphics card that lends memory. */
int card_probe(const char *node);
