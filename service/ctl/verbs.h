// SPDX-License-Identifier: LGPL-2.1-or-later
/* The verbs: each does what struct verb's run promises and returns 0 or the exit status. */
#pragma once

#include "ctl/verb.h"

/* status.c */
int status_run(struct ctl *ctl, const struct args *args);
int status_seal_root(struct ctl *ctl, const struct args *args);
int status_metrics(struct ctl *ctl, const struct args *args);
/* doctor.c */
int doctor_run(struct ctl *ctl, const struct args *args);
/* cameras.c */
int cameras_run(struct ctl *ctl, const struct args *args);
/* camera.c */
int camera_adopt(struct ctl *ctl, const struct args *args);
int camera_rename(struct ctl *ctl, const struct args *args);
int camera_forget(struct ctl *ctl, const struct args *args);
/* camera-set.c */
int camera_set(struct ctl *ctl, const struct args *args);
/* camera-controls.c */
int camera_controls(struct ctl *ctl, const struct args *args);
/* clients.c */
int clients_run(struct ctl *ctl, const struct args *args);
int clients_add(struct ctl *ctl, const struct args *args);
int clients_remove(struct ctl *ctl, const struct args *args);
int clients_token(struct ctl *ctl, const struct args *args);
/* client-user.c */
int client_user_run(struct ctl *ctl, const struct args *args);
#define CLIENT_USER_NAME_SIZE 48
/* The name of a user, "-" for -1. */
void client_user_name(int64_t user, char ret[CLIENT_USER_NAME_SIZE]);
/* backup.c */
int backup_run(struct ctl *ctl, const struct args *args);
int backup_restore_run(struct ctl *ctl, const struct args *args);
/* clients-move.c */
int clients_forget(struct ctl *ctl, const struct args *args);
/* erase.c */
int erase_run(struct ctl *ctl, const struct args *args);
int erase_identity_renew(struct ctl *ctl, const struct args *args);
/* invite.c */
int invite_run(struct ctl *ctl, const struct args *args);
/* certificate.c */
int certificate_make(struct ctl *ctl, const struct args *args);
int certificate_pin(struct ctl *ctl, const struct args *args);
int certificate_unpin(struct ctl *ctl, const struct args *args);
/* clients-move.c */
int clients_rename(struct ctl *ctl, const struct args *args);
int clients_move(struct ctl *ctl, const struct args *args);
/* integrations.c */
int integrations_run(struct ctl *ctl, const struct args *args);
int integrations_add(struct ctl *ctl, const struct args *args);
int integrations_rename(struct ctl *ctl, const struct args *args);
int integrations_remove(struct ctl *ctl, const struct args *args);
/* grant.c */
int grant_run(struct ctl *ctl, const struct args *args);

/* grants.c */
int grants_run(struct ctl *ctl, const struct args *args);
int grants_revoke(struct ctl *ctl, const struct args *args);
/* leases.c */
int leases_run(struct ctl *ctl, const struct args *args);
int leases_end(struct ctl *ctl, const struct args *args);
/* exposure.c */
int exposure_run(struct ctl *ctl, const struct args *args);
/* ledger.c */
int ledger_verify(struct ctl *ctl, const struct args *args);
int ledger_export(struct ctl *ctl, const struct args *args);
int ledger_head(struct ctl *ctl, const struct args *args);
/* suspend.c */
int suspend_run(struct ctl *ctl, const struct args *args);
int suspend_resume(struct ctl *ctl, const struct args *args);
/* agent.c */
int agent_run(struct ctl *ctl, const struct args *args);
/* watch.c */
int watch_run(struct ctl *ctl, const struct args *args);

/* All verbs, in the order of the help: first those, then these. */
extern const struct verb verbs_looking[], verbs_access[];
extern const size_t verbs_looking_count, verbs_access_count;

/* The verb at this place in the help; NULL behind the last. */
const struct verb *verbs_at(size_t i);

/* The verb that the first one or two words name, and how many they are; NULL: none. */
const struct verb *verbs_find(char **argv, int argc, int *ret_words);
/* Says that the words are no verb, and which might be meant. */
int verbs_unknown(char **argv, int argc);
