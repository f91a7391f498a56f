// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The names of the service on the system bus, shared by the service and by camwardctl. What they
 * mean stands in the XML files beside this header, one an interface.
 */
#pragma once

#define CAMWARD_BUS_NAME "org.camward.Camward1"

#define CAMWARD_INTERFACE_MANAGER     "org.camward.Camward1.Manager"
#define CAMWARD_INTERFACE_CAMERA      "org.camward.Camward1.Camera"
#define CAMWARD_INTERFACE_CLIENT      "org.camward.Camward1.Client"
#define CAMWARD_INTERFACE_INTEGRATION "org.camward.Camward1.Integration"
#define CAMWARD_INTERFACE_GRANT       "org.camward.Camward1.Grant"
#define CAMWARD_INTERFACE_LEASE       "org.camward.Camward1.Lease"
#define CAMWARD_INTERFACE_AGENT       "org.camward.Camward1.Agent" /* implemented by others */

/* The manager and the object manager; every other object stands below it, its last element
 * escaped by sd_bus_path_encode(). */
#define CAMWARD_PATH              "/org/camward/Camward1"
#define CAMWARD_PATH_CAMERAS      CAMWARD_PATH "/camera"      /* then the camera's name */
#define CAMWARD_PATH_CLIENTS      CAMWARD_PATH "/client"      /* then the client's name */
#define CAMWARD_PATH_INTEGRATIONS CAMWARD_PATH "/integration" /* then its name */
#define CAMWARD_PATH_GRANTS       CAMWARD_PATH "/grant"       /* then the grant's id, decimal */
#define CAMWARD_PATH_LEASES       CAMWARD_PATH "/lease"       /* then the lease's id, decimal */

/* Options and limits: the keys of a{sv}; each value's type follows. Times are microseconds of
 * CLOCK_REALTIME. */
#define CAMWARD_OPTION_INTEGRATION "integration" /* s */
#define CAMWARD_OPTION_EXPIRES     "expires"     /* t */
#define CAMWARD_OPTION_CLIENT      "client"      /* s */
#define CAMWARD_OPTION_RIGHT       "right"       /* s */
#define CAMWARD_OPTION_STREAM      "stream"      /* s */
#define CAMWARD_OPTION_OTHERS_END  "others-end"  /* t */
#define CAMWARD_LIMIT_NOT_BEFORE   "not-before"  /* t */
#define CAMWARD_LIMIT_NOT_AFTER    "not-after"   /* t */
#define CAMWARD_LIMIT_HOURS        "hours"       /* s */
#define CAMWARD_LIMIT_MAX_LEASES   "max-leases"  /* t */
#define CAMWARD_LIMIT_ONLY_SUB     "only-sub"    /* b */
#define CAMWARD_LIMIT_ASK_FIRST    "ask-first"   /* b */

#define CAMWARD_ERROR_NO_SUCH_INTEGRATION "org.camward.Camward1.Error.NoSuchIntegration"

/* Of Configure, all t. */
#define CAMWARD_SETTING_WIDTH       "width"
#define CAMWARD_SETTING_HEIGHT      "height"
#define CAMWARD_SETTING_FPS         "fps"
#define CAMWARD_SETTING_BITRATE     "bitrate"
#define CAMWARD_SETTING_GOP         "gop"
#define CAMWARD_SETTING_SUB_WIDTH   "sub-width"
#define CAMWARD_SETTING_SUB_HEIGHT  "sub-height"
#define CAMWARD_SETTING_SUB_FPS     "sub-fps"
#define CAMWARD_SETTING_SUB_BITRATE "sub-bitrate"

/* Of ReadLedger: the filter's keys, and what an event has besides its columns. */
#define CAMWARD_LEDGER_CLIENT       "client"       /* s */
#define CAMWARD_LEDGER_INTEGRATION  "integration"  /* s */
#define CAMWARD_LEDGER_CAMERA       "camera"       /* s */
#define CAMWARD_LEDGER_SINCE        "since"        /* t */
#define CAMWARD_LEDGER_UNTIL        "until"        /* t */
#define CAMWARD_LEDGER_RESERVATIONS "reservations" /* b */
#define CAMWARD_LEDGER_SALT         "peer_salt"
#define CAMWARD_LEDGER_ADDRESS      "peer_address"
#define CAMWARD_LEDGER_PORT         "peer_port"
#define CAMWARD_LEDGER_LOW          "reserved_low"
#define CAMWARD_LEDGER_HIGH         "reserved_high"

#define CAMWARD_STREAM_MAIN "main"
#define CAMWARD_STREAM_SUB  "sub"

#define CAMWARD_RIGHT_LIVE  "live"
#define CAMWARD_RIGHT_STILL "still"
#define CAMWARD_RIGHT_RAW   "raw"

/* Kinds of suspensions. */
#define CAMWARD_SUSPEND_ALL         "all"
#define CAMWARD_SUSPEND_CAMERA      "camera"
#define CAMWARD_SUSPEND_CLIENT      "client"
#define CAMWARD_SUSPEND_INTEGRATION "integration"

#define CAMWARD_ERROR_INVALID_NAME      "org.camward.Camward1.Error.InvalidName"
#define CAMWARD_ERROR_NO_SUCH_CLIENT    "org.camward.Camward1.Error.NoSuchClient"
#define CAMWARD_ERROR_NO_SUCH_CAMERA    "org.camward.Camward1.Error.NoSuchCamera"
#define CAMWARD_ERROR_NO_SUCH_GRANT     "org.camward.Camward1.Error.NoSuchGrant"
#define CAMWARD_ERROR_NO_SUCH_LEASE     "org.camward.Camward1.Error.NoSuchLease"
#define CAMWARD_ERROR_NO_SUCH_USER      "org.camward.Camward1.Error.NoSuchUser"
#define CAMWARD_ERROR_NO_SUCH_TOKEN     "org.camward.Camward1.Error.NoSuchToken"
#define CAMWARD_ERROR_ALREADY_EXISTS    "org.camward.Camward1.Error.AlreadyExists"
#define CAMWARD_ERROR_HAS_CLIENTS       "org.camward.Camward1.Error.HasClients"
#define CAMWARD_ERROR_IS_SUSPENDED      "org.camward.Camward1.Error.IsSuspended"
#define CAMWARD_ERROR_NOT_SUSPENDED     "org.camward.Camward1.Error.NotSuspended"
#define CAMWARD_ERROR_ALREADY_SUSPENDED "org.camward.Camward1.Error.AlreadySuspended"
#define CAMWARD_ERROR_INVALID_LIMITS    "org.camward.Camward1.Error.InvalidLimits"
#define CAMWARD_ERROR_INVALID_RIGHTS    "org.camward.Camward1.Error.InvalidRights"
#define CAMWARD_ERROR_LIMIT_REACHED     "org.camward.Camward1.Error.LimitReached"
#define CAMWARD_ERROR_AGENT_EXISTS      "org.camward.Camward1.Error.AgentExists"
#define CAMWARD_ERROR_NOT_THE_AGENT     "org.camward.Camward1.Error.NotTheAgent"
#define CAMWARD_ERROR_GRANT_IS_DECLARED "org.camward.Camward1.Error.GrantIsDeclared"
#define CAMWARD_ERROR_IS_DECLARED       "org.camward.Camward1.Error.IsDeclared"
#define CAMWARD_ERROR_CAMERA_CONNECTED  "org.camward.Camward1.Error.CameraConnected"
#define CAMWARD_ERROR_NAME_IS_FIXED     "org.camward.Camward1.Error.NameIsFixed"
#define CAMWARD_ERROR_NOTHING_TO_ADOPT  "org.camward.Camward1.Error.NothingToAdopt"
#define CAMWARD_ERROR_HARDWARE_IS_KNOWN "org.camward.Camward1.Error.HardwareIsKnown"
#define CAMWARD_ERROR_INVALID_SETTINGS  "org.camward.Camward1.Error.InvalidSettings"
#define CAMWARD_ERROR_NO_SUCH_CONTROL   "org.camward.Camward1.Error.NoSuchControl"
#define CAMWARD_ERROR_OUT_OF_RANGE      "org.camward.Camward1.Error.OutOfRange"
#define CAMWARD_ERROR_READ_ONLY         "org.camward.Camward1.Error.ReadOnly"
#define CAMWARD_ERROR_DEVICE_BUSY       "org.camward.Camward1.Error.DeviceBusy"
#define CAMWARD_ERROR_DEVICE_CLOSED     "org.camward.Camward1.Error.DeviceClosed"
#define CAMWARD_ERROR_DEVICE_FAILED     "org.camward.Camward1.Error.DeviceFailed"
#define CAMWARD_ERROR_STORAGE_FAILED    "org.camward.Camward1.Error.StorageFailed"
#define CAMWARD_ERROR_AUTHORITY_FAILED  "org.camward.Camward1.Error.AuthorityFailed"
#define CAMWARD_ERROR_UNAVAILABLE       "org.camward.Camward1.Error.Unavailable"
#define CAMWARD_ERROR_CHANGED_MEANWHILE "org.camward.Camward1.Error.ChangedMeanwhile"

#define CAMWARD_ERROR_NO_SUCH_CERTIFICATE "org.camward.Camward1.Error.NoSuchCertificate"
#define CAMWARD_ERROR_INVALID_BACKUP      "org.camward.Camward1.Error.InvalidBackup"
#define CAMWARD_ERROR_INVALID_CERTIFICATE "org.camward.Camward1.Error.InvalidCertificate"
