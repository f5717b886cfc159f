/* SPDX-License-Identifier: MIT */
/* What a job writes among its events and job_list reads back. */
#ifndef GW_ADAPTER_JOB_PRIVATE_H
#define GW_ADAPTER_JOB_PRIVATE_H

#define PHASE_BEGINS "phase> "   /* then its name */
#define PHASE_ENDS "phase< "     /* then its last note */
#define RATES_KEY "gatewalk_rates"   /* in the row's settings: a name of ours, which no setting has */
#define LIMITS_KEY "gatewalk_limits" /* the same */

#endif
