/* SPDX-License-Identifier: MIT */
/* The wall time of a plan's zone against its windows: shared by probe_moment and the look under the lock. */
#ifndef GW_ADAPTER_PROBE_MOMENT_H
#define GW_ADAPTER_PROBE_MOMENT_H

#include "core/fact.h"
#include "core/plan.h"

/* Fills in out->in_window and minutes_left from out->dow and minute, and next_release from out->at. */
void moment_judge(const struct plan *p, struct fact_moment *out);

#endif
