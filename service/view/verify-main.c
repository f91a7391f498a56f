// SPDX-License-Identifier: LGPL-2.1-or-later
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "view/findings.h"
#include "view/verify-confine.h"
#include "view/verify-options.h"

/* Who makes a file shorter while it is read takes its pages away. */
static void take_sigbus(int signal)
{
	static const char text[] = "camward-verify: the file became shorter\n";

	if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0)
		_exit(VERIFY_UNREADABLE);
	_exit(VERIFY_UNREADABLE);
}

static int map_file(const char *path, struct slice *ret)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	void *data;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	if (st.st_size == 0)
		return -ENODATA;
	data = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (data == MAP_FAILED)
		return -errno;
	*ret = slice_of(data, (size_t)st.st_size);
	return 0;
}

static const char *explain(int r)
{
	switch (r) {
	case -EBADMSG:
		return "the file is damaged or cut short";
	case -ENOENT:
		return "there is no video in it";
	case -ENOTSUP:
		return "its video is of a kind, or kept in a way, that cannot be checked";
	case -ENOMEM:
		return "there is not enough memory";
	default:
		return "neither MP4, H.264, HEVC nor JPEG";
	}
}

static int judge(struct media *m, struct verifier *v, struct findings *f)
{
	struct verifier_result result;
	struct media_unit unit;
	enum verdict verdict;
	struct slice set;
	int r;

	for (size_t i = 0; media_parameter_set(m, i, &set); i++)
		if (verifier_parameter_set(v, set) < 0)
			return -EBADMSG;
	while ((r = media_next(m, &unit)) == 1) {
		verdict = verifier_unit(v, unit.bytes, (struct verifier_time){0}, &result);
		findings_add(f, verdict, &result, &unit);
	}
	memcpy(f->camera_name, v->certificate.camera_name, sizeof(f->camera_name));
	return r;
}

static int verify(const struct verify_options *o, struct slice file, struct findings *f)
{
	static struct verifier verifier;
	struct verifier_config config = o->verifier;
	struct media media;
	int r = media_init(&media, file);

	f->media = media_name(&media);
	f->open_ended = media.kind == MEDIA_BYTE_STREAM;
	config.codec = media.codec;
	if (r == 0)
		r = verifier_init(&verifier, &config);
	if (r < 0) {
		fprintf(stderr, "camward-verify: %s: %s\n", o->file, explain(r));
		media_release(&media);
		return VERIFY_UNREADABLE;
	}
	r = judge(&media, &verifier, f);
	if (r < 0)
		f->damage = explain(r);
	verifier_release(&verifier);
	media_release(&media);
	return -1;
}

int main(int argc, char **argv)
{
	static struct verify_options options;
	static struct findings findings;
	struct slice file;
	int r = verify_options_parse(&options, argc, argv);

	if (r != 0)
		return r > 0 ? VERIFY_OK : VERIFY_USAGE;
	r = map_file(options.file, &file);
	if (r < 0) {
		fprintf(stderr, "camward-verify: %s: %s\n", options.file,
			r == -ENODATA  ? "the file is empty"
			: r == -EINVAL ? "not a regular file"
				       : strerror(-r));
		return VERIFY_UNREADABLE;
	}
	signal(SIGBUS, take_sigbus);
	r = verify_confine();
	if (r < 0) {
		fprintf(stderr, "camward-verify: cannot confine itself: %s\n", strerror(-r));
		return VERIFY_USAGE;
	}
	r = verify(&options, file, &findings);
	if (r >= 0)
		return r;
	if (!options.json)
		findings_write_text(&findings, stdout);
	else if (findings_write_json(&findings, stdout) < 0)
		return VERIFY_USAGE;
	return fflush(stdout) == 0 ? (int)findings_status(&findings) : VERIFY_USAGE;
}
