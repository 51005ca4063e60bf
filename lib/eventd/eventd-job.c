// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What is done about a VPS that ended: "vzctl start" for a reboot, "vzctl stop" to clean up after
 * anything else, and before it the administrator's script for that event (INTERFACE 10.8). While
 * another command holds the VPS's lock that command is in charge; afterwards the state is looked
 * at again, and often nothing is left to do.
 */
#include "eventd/eventd-internal.h"
#include "base/log.h"
#include "base/own.h"
#include "base/str.h"
#include "sys/spawn.h"

#include <string.h>
#include <sys/wait.h>

#define DELAY_MAX_MS 5000
/* A command that takes longer waits for its guest, or has fallen ill: it no longer keeps a place of
 * children_max from the others. */
#define SLOW_MS 10000

static void later(struct vz_watched *v)
{
	v->job = JOB_WAITING;
	v->due = vz_eventd_now() + v->delay_ms;
	v->delay_ms = v->delay_ms * 2 > DELAY_MAX_MS ? DELAY_MAX_MS : v->delay_ms * 2;
}

static void finish(struct vz_eventd *d, struct vz_watched *v)
{
	v->job = JOB_NONE;
	v->handled = v->job_init;
	vz_eventd_look(d, v->id);
}

static bool job_spawn(struct vz_watched *v, const struct vz_spawn *s)
{
	int r = vz_spawn_start(s, &v->child);

	if (r < 0) {
		vz_log(-1, "CT %u: cannot run %s: %s", v->id, s->argv[0], strerror(-r));
		return false;
	}
	v->began = vz_eventd_now();
	return true;
}

/* True when a script runs now. */
static bool run_script(struct vz_watched *v)
{
	const char *path = v->reboot ? VZ_SCRIPTS_DIR "/vzevent-reboot" : VZ_SCRIPTS_DIR "/vzevent-stop";
	autofree char *veid = vz_fmt("VEID=%u", v->id);
	autofree char *conf = vz_fmt("VE_CONFFILE=" VZ_CT_CONF_FILE, v->id);
	char *argv[] = { (char *)(uintptr_t)path, NULL }, *env[] = { veid, conf, NULL };
	struct vz_spawn s = VZ_SPAWN_INIT;

	v->script_done = true;
	if (access(path, X_OK) < 0 || !veid || !conf)
		return false;
	s.argv = argv;
	s.env = env;
	if (!job_spawn(v, &s))
		return false;
	v->job = JOB_SCRIPT;
	return true;
}

static void run_vzctl(struct vz_eventd *d, struct vz_watched *v)
{
	const char *verb = v->reboot ? "start" : "stop";
	char id[12];
	char *argv[] = { (char *)(uintptr_t)(VZ_SBINDIR "/vzctl"), (char *)(uintptr_t) "--quiet",
			 (char *)(uintptr_t)verb, id, NULL };
	struct vz_spawn s = VZ_SPAWN_INIT;

	snprintf(id, sizeof(id), "%u", v->id);
	s.argv = argv;
	if (job_spawn(v, &s))
		v->job = JOB_VZCTL;
	else
		finish(d, v);
}

static void job_step(struct vz_eventd *d, struct vz_watched *v)
{
	struct vz_state st;

	if (!vz_state_file_exists(v->id) || vz_state_read(v->id, &st))
		finish(d, v);
	else if (vz_ct_lock_holder(&d->host, v->id))
		later(v);
	else if (v->script_done || !run_script(v))
		run_vzctl(d, v);
}

static bool has_place(const struct vz_watched *v, int64_t now)
{
	return v->job >= JOB_SCRIPT && now - v->began < SLOW_MS;
}

static unsigned places_taken(const struct vz_eventd *d, int64_t now)
{
	unsigned n = 0;

	for (const struct vz_watched *v = d->watched; v; v = v->next)
		n += has_place(v, now);
	return n;
}

void vz_job_run(struct vz_eventd *d)
{
	int64_t now = vz_eventd_now();
	unsigned taken = places_taken(d, now);

	for (struct vz_watched *v = d->watched; v && taken < d->children_max; v = v->next)
		if (v->job == JOB_WAITING && v->due <= now) {
			job_step(d, v);
			taken += has_place(v, now);
		}
}

int64_t vz_job_due(const struct vz_eventd *d)
{
	int64_t now = vz_eventd_now(), due = 0;
	bool full = places_taken(d, now) >= d->children_max;

	for (const struct vz_watched *v = d->watched; v; v = v->next) {
		int64_t at = 0;

		/* the end of a child wakes us too */
		if (full && has_place(v, now))
			at = v->began + SLOW_MS;
		else if (!full && v->job == JOB_WAITING)
			at = v->due;
		if (at && (!due || at < due))
			due = at;
	}
	return due;
}

bool vz_job_reaped(struct vz_eventd *d, pid_t pid, int status)
{
	int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	struct vz_watched *v = d->watched;

	while (v && (v->job < JOB_SCRIPT || v->child != pid))
		v = v->next;
	if (!v)
		return false;
	vz_log_ctid(v->id);
	if (v->job == JOB_SCRIPT) {
		if (code)
			vz_log(-1, "vzevent-%s returned %d, ignoring",
			       v->reboot ? "reboot" : "stop", code);
		v->job = JOB_WAITING;
		v->due = vz_eventd_now();
	} else if (code == VZ_LOCKED) {
		later(v);
	} else {
		if (code)
			vz_log(-1, "vzctl %s returned %d", v->reboot ? "start" : "stop", code);
		else
			vz_log(0, v->reboot ? "started again after a reboot" :
					      "cleaned up after its end");
		if (code && v->reboot) { /* then it stays stopped, but clean */
			v->reboot = false;
			later(v);
		} else {
			finish(d, v);
		}
	}
	vz_log_ctid(0);
	return true;
}
