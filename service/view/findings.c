// SPDX-License-Identifier: LGPL-2.1-or-later
#include "view/findings.h"

#include <inttypes.h>
#include <string.h>

#include "base/clock.h"

static void add_run(struct findings *f, const struct seal *s)
{
	struct findings_run *last =
		f->n_runs > 0 && f->n_runs <= FINDINGS_RUNS_MAX ? &f->runs[f->n_runs - 1] : NULL;

	if (last && last->epoch == s->epoch && last->stream == s->stream) {
		last->last = s->sequence;
		last->to = s->realtime;
		return;
	}
	if (f->n_runs < FINDINGS_RUNS_MAX)
		f->runs[f->n_runs] = (struct findings_run){.epoch = s->epoch,
							   .stream = s->stream,
							   .first = s->sequence,
							   .last = s->sequence,
							   .from = s->realtime,
							   .to = s->realtime};
	f->n_runs++;
}

static void add_valid(struct findings *f, const struct verifier_result *result)
{
	f->valid++;
	memcpy(f->camera_uuid, result->seal.camera_uuid, UUID_SIZE);
	f->has_camera = true;
	add_run(f, &result->seal);
}

/* Before a frame that is whole, be it shown or not. */
static void add_gap(struct findings *f, const struct verifier_result *result)
{
	if (result->gap == 0)
		return;
	if (f->n_gaps < FINDINGS_GAPS_MAX)
		f->gaps[f->n_gaps] = (struct findings_gap){
			.frame = f->frames, .missing = result->gap, .at = result->seal.realtime};
	f->n_gaps++;
	f->missing += result->gap;
}

void findings_add(struct findings *f, enum verdict verdict, const struct verifier_result *result,
		  const struct media_unit *unit)
{
	f->frames++;
	if (verdict == VERDICT_VALID || verdict == VERDICT_WAITING)
		add_gap(f, result);
	if (verdict == VERDICT_VALID) {
		add_valid(f, result);
		return;
	}
	f->by_verdict[verdict]++;
	if (f->waiting + f->refused < FINDINGS_FAULTS_MAX)
		f->faults[f->waiting + f->refused] =
			(struct findings_fault){.frame = f->frames,
						.has_time = unit->has_time,
						.time = unit->time,
						.verdict = verdict};
	if (verdict == VERDICT_WAITING)
		f->waiting++;
	else
		f->refused++;
}

enum verify_exit findings_status(const struct findings *f)
{
	if (f->refused > 0)
		return VERIFY_REFUSED;
	if (f->damage || f->frames == 0)
		return VERIFY_UNREADABLE;
	if (f->missing > 0 || f->waiting > 0)
		return VERIFY_GAPS;
	return VERIFY_OK;
}

/* --- text --- */

static void write_time(uint64_t usec, FILE *file)
{
	time_t seconds = (time_t)(usec / USEC_PER_SEC);
	struct tm tm;

	if (!gmtime_r(&seconds, &tm))
		tm = (struct tm){0};
	fprintf(file, "%04d-%02d-%02dT%02d:%02d:%02d.%03uZ", tm.tm_year + 1900, tm.tm_mon + 1,
		tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
		(unsigned)(usec % USEC_PER_SEC / USEC_PER_MSEC));
}

static void write_runs(const struct findings *f, FILE *file)
{
	for (uint64_t i = 0; i < f->n_runs && i < FINDINGS_RUNS_MAX; i++) {
		const struct findings_run *run = &f->runs[i];

		fprintf(file, "epoch %" PRIu64 "%s: frames %" PRIu64 " to %" PRIu64 ", ",
			run->epoch, run->stream ? " (sub)" : "", run->first, run->last);
		write_time(run->from, file);
		fputs(" to ", file);
		write_time(run->to, file);
		fputc('\n', file);
	}
	if (f->n_runs > FINDINGS_RUNS_MAX)
		fprintf(file, "and %" PRIu64 " more\n", f->n_runs - FINDINGS_RUNS_MAX);
}

static void write_gaps(const struct findings *f, FILE *file)
{
	for (uint64_t i = 0; i < f->n_gaps && i < FINDINGS_GAPS_MAX; i++) {
		fprintf(file, "gap: %" PRIu64 " missing before frame %" PRIu64 ", at ",
			f->gaps[i].missing, f->gaps[i].frame);
		write_time(f->gaps[i].at, file);
		fputc('\n', file);
	}
	if (f->n_gaps > FINDINGS_GAPS_MAX)
		fprintf(file, "and %" PRIu64 " more gaps\n", f->n_gaps - FINDINGS_GAPS_MAX);
}

/* How many faults from the i-th on are of frames in a row and for the same reason. */
static uint64_t fault_row(const struct findings *f, uint64_t i, uint64_t end)
{
	uint64_t n = 1;

	while (i + n < end && f->faults[i + n].verdict == f->faults[i].verdict &&
	       f->faults[i + n].frame == f->faults[i].frame + n)
		n++;
	return n;
}

/* Where a recording was broken off, the last frame is not whole. It may as well have been changed:
 * nothing tells them apart. */
static bool may_be_cut_short(const struct findings *f, const struct findings_fault *fault)
{
	return f->open_ended && fault->frame == f->frames &&
	       (fault->verdict == VERDICT_PICTURE || fault->verdict == VERDICT_MALFORMED);
}

static void write_faults(const struct findings *f, FILE *file)
{
	uint64_t n = f->waiting + f->refused, end = n, row;

	if (end > FINDINGS_FAULTS_MAX)
		end = FINDINGS_FAULTS_MAX;
	for (uint64_t i = 0; i < end; i += row) {
		const struct findings_fault *fault = &f->faults[i];

		row = fault_row(f, i, end);
		if (row > 1)
			fprintf(file, "frames %" PRIu64 " to %" PRIu64, fault->frame,
				f->faults[i + row - 1].frame);
		else
			fprintf(file, "frame %" PRIu64, fault->frame);
		if (fault->has_time)
			fprintf(file, " (%s %" PRIu64 ".%03u s)", row > 1 ? "from" : "at",
				(uint64_t)(fault->time / USEC_PER_SEC),
				(unsigned)(fault->time % USEC_PER_SEC / USEC_PER_MSEC));
		fprintf(file, ": %s", verdict_text(fault->verdict));
		if (may_be_cut_short(f, &f->faults[i + row - 1]))
			fputs(" (the file ends here: it may be cut short)", file);
		fputc('\n', file);
	}
	if (n > FINDINGS_FAULTS_MAX)
		fprintf(file, "and %" PRIu64 " more frames\n", n - FINDINGS_FAULTS_MAX);
}

void findings_write_text(const struct findings *f, FILE *file)
{
	char uuid[UUID_STRING_SIZE];

	if (f->has_camera) {
		format_uuid(f->camera_uuid, uuid);
		fprintf(file, "camera %s, %s\n", f->camera_name, uuid);
	}
	write_runs(f, file);
	write_gaps(f, file);
	write_faults(f, file);
	if (f->damage)
		fprintf(file, "after frame %" PRIu64 ": %s\n", f->frames, f->damage);
	fprintf(file, "%s: %" PRIu64 " frames: %" PRIu64 " proven, %" PRIu64 " refused", f->media,
		f->frames, f->valid, f->refused);
	if (f->waiting > 0)
		fprintf(file, ", %" PRIu64 " that build on one that is not there", f->waiting);
	if (f->missing > 0)
		fprintf(file, "; %" PRIu64 " missing at %" PRIu64 " places", f->missing, f->n_gaps);
	fputc('\n', file);
}
