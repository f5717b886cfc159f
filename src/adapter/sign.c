/* SPDX-License-Identifier: MIT */
/* A signature is ssh-keygen's, and counts only after it was checked here against the key that was opened. */
#include "adapter/sign_private.h"

#include <pwd.h>
#include <string.h>
#include <unistd.h>

#include "adapter/signers.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "port/files.h"

#define KEY_SECONDS "3600"
#define KEY_US (INT64_C(3600) * 1000000)
#define MARGIN_US (INT64_C(60) * 1000000)   /* taken off our side, so that the agent never forgets before we do */
#define PERSON_MS 180000
#define NAMESPACES NS_ENTRY "," NS_HEAD "," NS_TRUST
#define ARMOR_BEGIN "-----BEGIN SSH SIGNATURE-----\n"
#define ARMOR_END "-----END SSH SIGNATURE-----\n"

/* "user@host", with what may not stand in allowed_signers replaced. */
static const char *own_name(struct arena *a)
{
	char host[256] = "";
	const struct passwd *user = getpwuid(geteuid());
	gethostname(host, sizeof host - 1);
	char *name = arena_printf(a, "%s@%s", user && *user->pw_name ? user->pw_name : "operator", *host ? host : "localhost");
	for (char *p = name; *p; p++) {
		char one[2] = { *p, '\0' };
		if (!signers_name_fits(one) && *p != '-')
			*p = '_';
	}
	if (*name == '-')
		*name = '_';
	return name;
}

static void allow(struct signer *s)
{
	s->allowed = arena_printf(s->arena, "%s namespaces=\"" NAMESPACES "\" %s %s", s->principal, s->type, s->base64);
}

struct signer *signer_open(const char *key, const char *principal, struct err *e)
{
	struct arena *a = arena_new();
	struct signer *s = arena_alloc(a, sizeof *s);
	s->arena = a;
	s->agent.hold = s->agent.pid = -1;
	s->key = arena_dup(a, key);
	s->named = principal != NULL;
	s->principal = principal ? arena_dup(a, principal) : own_name(a);
	bool good = signers_name_fits(s->principal) || err_set(e, ERR_USE, "letters, digits and . _ @ + - only, as in ada@example",
		"\"%s\" cannot be a signer's name", text_clean(a, s->principal));
	if (!good || !sign_key_read(s, e)) {
		arena_free(a);
		return NULL;
	}
	allow(s);
	return s;
}

bool signer_go_by(struct signer *s, const char *name)
{
	if (s->named || !signers_name_fits(name))
		return false;
	s->principal = arena_dup(s->arena, name);
	allow(s);
	return true;
}

void signer_close(struct signer *s)
{
	if (!s)
		return;
	struct arena *a = s->arena;
	agent_stop(s);
	arena_free(a);
}

const char *signer_principal(const struct signer *s)
{
	return s->principal;
}

const char *signer_allowed_line(const struct signer *s)
{
	return s->allowed;
}

const char *signer_key_path(const struct signer *s)
{
	return s->key;
}

const char *signer_fingerprint(const struct signer *s)
{
	return s->pubkey.fingerprint;
}

bool signer_unlocked(struct signer *s)
{
	if (!s->has_private)
		return agent_of_operator(s);
	return s->loaded_until > clock_mono() && agent_alive(s);
}

/* ssh-add, first without a terminal: a key without a passphrase then loads without a word. */
static bool add_key(struct signer *s, struct arena *a, bool tty, struct child_end *end, struct err *e)
{
	const char *const argv[] = { "ssh-add", "-q", "-t", KEY_SECONDS, s->key, NULL };
	const char *const env[] = { agent_variable(s, a), "SSH_ASKPASS_REQUIRE=never", "SSH_ASKPASS", NULL };
	struct child c = { .argv = argv, .env = env, .tty = tty, .ms = tty ? PERSON_MS : 10000 };
	return child_run(a, &c, end, e);
}

static const char *last_words(struct arena *a, const struct child_end *end)
{
	const char *said = end->err[0] ? end->err : "";
	const char *clean = text_cleann(a, said, strcspn(said, "\r\n"));
	return *clean ? clean : "it gave no reason";
}

static bool load(struct signer *s, struct arena *a, struct err *e)
{
	struct child_end end;
	int64_t now = clock_mono();
	bool tty = isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
	if (!add_key(s, a, false, &end, e))
		return false;
	if (end.status != 0 && tty && !add_key(s, a, true, &end, e))
		return false;
	if (end.status != 0)
		return err_set(e, ERR_SIGNATURE, tty ? "Try again: the passphrase is asked for once more." : "run it on a terminal, where ssh-add can ask for the passphrase",
			"the key %s was not unlocked%s%s", s->key, tty ? "" : ": ", tty ? "" : last_words(a, &end));
	s->loaded_until = now + KEY_US - MARGIN_US;
	return true;
}

bool signer_unlock(struct signer *s, struct err *e)
{
	if (signer_unlocked(s))
		return true;
	if (!s->has_private)
		return err_set(e, ERR_SIGNATURE, "ssh-add it there, or name the private key with --key",
			"%s has no private half here, and your ssh agent does not hold it", s->pub);
	struct arena *a = arena_new();
	bool good = agent_start(s, e) && load(s, a, e);
	arena_free(a);
	return good;
}

/* What stands between ssh-keygen's two lines, without line breaks. NULL when it is not exactly that. */
static char *unarmor(struct arena *a, const char *out, size_t len)
{
	size_t front = strlen(ARMOR_BEGIN), back = strlen(ARMOR_END), n = 0;
	if (len <= front + back || memcmp(out, ARMOR_BEGIN, front) != 0 || memcmp(out + len - back, ARMOR_END, back) != 0)
		return NULL;
	char *b64 = arena_alloc(a, len);
	for (size_t i = front; i < len - back; i++)
		if (out[i] != '\n')
			b64[n++] = out[i];
	return b64;
}

static char *checked(struct signer *s, struct arena *a, const char *ns, const struct child *c, const struct child_end *end, struct err *e)
{
	unsigned char *blob;
	size_t len;
	char *b64 = unarmor(a, end->out, end->out_len);
	if (!b64 || !crypto_unbase64(a, b64, &blob, &len)) {
		err_set(e, ERR_SIGNATURE, NULL, "ssh-keygen gave something that is no signature");
		return NULL;
	}
	if (sshsig_verify(blob, len, ns, &s->pubkey, c->in, c->in_len, NULL, e))
		return b64;
	err_in(e, "ssh-keygen's signature is not taken");
	if (e)
		e->code = ERR_SIGNATURE;
	return NULL;
}

static char *sign(struct signer *s, struct arena *a, const char *ns, struct child *c, struct err *e)
{
	struct child_end end;
	if (!child_run(a, c, &end, e))
		return NULL;
	if (end.status == 0)
		return checked(s, a, ns, c, &end, e);
	err_set(e, ERR_SIGNATURE, c->tty ? "Was it the wrong passphrase? Try again: nothing was done." : "unlock the key and try again",
		"ssh-keygen did not sign%s%s", c->tty ? "" : ": ", c->tty ? "" : last_words(a, &end));
	s->loaded_until = 0;
	s->asked_at = 0;
	return NULL;
}

char *signer_sign(struct signer *s, struct arena *a, const char *ns, const void *data, size_t len, struct err *e)
{
	if (!signer_unlocked(s)) {
		err_set(e, ERR_SIGNATURE, "unlock it first", "the key %s is locked", s->key);
		return NULL;
	}
	const char *const argv[] = { "ssh-keygen", "-Y", "sign", "-n", ns, "-f", s->pub, NULL };
	const char *const env[] = { "SSH_ASKPASS_REQUIRE=never", "SSH_ASKPASS", agent_variable(s, a), NULL };
	struct child c = { .argv = argv, .env = env, .in = data, .in_len = len, .ms = s->pubkey.sk ? PERSON_MS : 0 };
	return sign(s, a, ns, &c, e);
}

bool signer_needs_person(struct signer *s, struct err *e)
{
	bool bare = true;
	if (s->pubkey.sk)
		return true;
	if (!s->has_private)
		return err_set(e, ERR_SIGNATURE, "name the private key with --key, or use a security key",
			"an agent signs without asking, and %s has no private half here", s->pub);
	if (!key_is_bare(s->key, &bare, e))
		return false;
	if (bare)
		return err_set(e, ERR_SIGNATURE, "give it one: ssh-keygen -p -f KEY", "the key %s has no passphrase, so nobody would have to be there", s->key);
	return true;
}

char *signer_sign_person(struct signer *s, struct arena *a, const char *ns, const void *data, size_t len, struct err *e)
{
	if (!isatty(STDIN_FILENO)) {
		err_set(e, ERR_SIGNATURE, "run it on a terminal", "this signature needs a person, and standard input is no terminal");
		return NULL;
	}
	if (!signer_needs_person(s, e))
		return NULL;
	const char *const argv[] = { "ssh-keygen", "-Y", "sign", "-n", ns, "-f", s->has_private ? s->key : s->pub, NULL };
	const char *const env[] = { "SSH_ASKPASS_REQUIRE=never", "SSH_ASKPASS", s->has_private ? "SSH_AUTH_SOCK" : NULL, NULL };
	struct child c = { .argv = argv, .env = env, .in = data, .in_len = len, .tty = true, .ms = PERSON_MS };
	return sign(s, a, ns, &c, e);
}
