/* SPDX-License-Identifier: MIT */
#include "adapter/sign_private.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "port/files.h"

#define KEY_FILE_MAX (64 * 1024)

/* path_config/key holds one line, the path of the key that is used when none is named. */
static const char *default_key(struct arena *a)
{
	char *text;
	size_t len;
	const char *named = path_join(a, path_config(a), "key");
	if (!file_exists(named) || !file_read(a, named, 4096, &text, &len, NULL))
		return path_join(a, path_config(a), "id_ed25519");
	text[strcspn(text, "\r\n")] = '\0';
	return text;
}

static bool ends_in(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);
	return n > m && strcmp(s + n - m, end) == 0;
}

static bool names_ready(struct signer *s, struct err *e)
{
	const char *key = s->key ? s->key : default_key(s->arena);
	if (ends_in(key, ".pub"))
		key = arena_dupn(s->arena, key, strlen(key) - 4);
	s->key = key;
	s->pub = arena_printf(s->arena, "%s.pub", key);
	s->has_private = file_exists(key);
	if (file_exists(s->pub))
		return true;
	const char *shown = text_clean(s->arena, key);
	if (s->has_private)
		return err_set(e, ERR_USE, "write it again: ssh-keygen -y -f KEY > KEY.pub", "the public half %s.pub is missing", shown);
	return err_set(e, ERR_USE, "gatewalk init makes one; or name yours with --key", "there is no key %s", shown);
}

static bool private_is_private(const struct signer *s, struct err *e)
{
	struct stat st;
	if (!s->has_private)
		return true;
	if (stat(s->key, &st) != 0)
		return err_set(e, ERR_SYSTEM, NULL, "cannot look at %s: %s", text_clean(s->arena, s->key), strerror(errno));
	if (st.st_uid != geteuid())
		return err_set(e, ERR_USE, "use a key of your own", "the key %s belongs to somebody else", text_clean(s->arena, s->key));
	if (st.st_mode & 077)
		return err_set(e, ERR_USE, "chmod 600 KEY", "others may read the key %s", text_clean(s->arena, s->key));
	return true;
}

bool sign_key_read(struct signer *s, struct err *e)
{
	char *text;
	size_t len;
	if (!names_ready(s, e) || !private_is_private(s, e) || !file_read(s->arena, s->pub, KEY_FILE_MAX, &text, &len, e))
		return false;
	char *type = text, *b64 = strchr(text, ' ');
	if (b64) {
		*b64++ = '\0';
		b64[strcspn(b64, " \r\n")] = '\0';
	}
	if (!b64 || !pubkey_parse(s->arena, type, b64, &s->pubkey))
		return err_set(e, ERR_USE, "ssh-keygen -t ed25519, or -t ed25519-sk for a security key", "%s is no Ed25519 key",
			text_clean(s->arena, s->pub));
	s->type = type;
	s->base64 = b64;
	return true;
}

bool key_is_bare(const char *path, bool *bare, struct err *e)
{
	struct arena *a = arena_new();
	const char *const argv[] = { "ssh-keygen", "-y", "-P", "", "-f", path, NULL };
	const char *const env[] = { "SSH_ASKPASS_REQUIRE=never", "SSH_ASKPASS", NULL };
	struct child c = { .argv = argv, .env = env, .ms = 20000 };
	struct child_end end;
	bool good = child_run(a, &c, &end, e);
	*bare = end.status == 0;
	arena_free(a);
	return good;
}

/* The drop asks for the passphrase, so a key without one is not kept. */
static bool has_passphrase(const char *path, const char *pub, struct err *e)
{
	bool bare = true;
	if (!key_is_bare(path, &bare, e))
		return false;
	if (!bare)
		return true;
	unlink(path);
	unlink(pub);
	return err_set(e, ERR_USE, "run it again and type a passphrase: the drop will ask for it", "a key without a passphrase was not kept");
}

bool signer_make_key(const char *path, const char *comment, struct err *e)
{
	struct arena *a = arena_new();
	const char *pub = arena_printf(a, "%s.pub", path), *shown = text_clean(a, path);
	const char *const argv[] = { "ssh-keygen", "-q", "-t", "ed25519", "-C", comment, "-f", path, NULL };
	const char *const env[] = { "SSH_ASKPASS_REQUIRE=never", "SSH_ASKPASS", NULL };
	struct child c = { .argv = argv, .env = env, .tty = true, .ms = -1 };
	struct child_end end;
	bool good = true;
	if (file_exists(path) || file_exists(pub))
		good = err_set(e, ERR_USE, "gatewalk writes over no key", "%s exists", shown);
	else if (!isatty(STDIN_FILENO))
		good = err_set(e, ERR_USE, "on a terminal: ssh-keygen -t ed25519 -f PATH", "a new key asks for a passphrase, and there is no terminal");
	good = good && child_run(a, &c, &end, e);
	if (good && (end.status != 0 || !file_exists(path) || !file_exists(pub)))
		good = err_set(e, ERR_USE, "try again", "ssh-keygen made no key %s", shown);
	good = good && has_passphrase(path, pub, e);
	arena_free(a);
	return good;
}
