/* SPDX-License-Identifier: MIT */
/* With the real ssh-keygen, ssh-agent and ssh-add. */
#include "adapter/sign.h"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "port/child.h"
#include "port/crypto.h"
#include "port/files.h"
#include "tests/lib_test.h"

#define PASS "four words at night"
#define DATA "{\"n\":0}"
#define WHO "ada@example"

static struct arena *a;
static struct err e;
static const char *bare, *locked;   /* a key without and one with a passphrase */

static const char *at(const char *name)
{
	return path_join(a, test_dir(), name);
}

#define ARGV(...) ((const char *const[]){ __VA_ARGS__, NULL })

static struct child_end run(const char *const *argv, const char *in)
{
	struct child c = { .argv = argv, .in = in, .in_len = in ? strlen(in) : 0 };
	struct child_end end;
	ck_assert_msg(child_run(a, &c, &end, &e), "%s", e.msg);
	return end;
}

static const char *make_key(const char *name, const char *pass)
{
	const char *path = at(name);
	if (!file_exists(path))
		ck_assert_int_eq(run(ARGV("ssh-keygen", "-q", "-t", "ed25519", "-C", "test", "-N", pass, "-f", path), NULL).status, 0);
	return path;
}

static void setup(void)
{
	ck_assert(crypto_start());
	a = arena_new();
	memset(&e, 0, sizeof e);
	setenv("XDG_RUNTIME_DIR", test_dir(), 1);
	setenv("XDG_CONFIG_HOME", at("config"), 1);
	unsetenv("SSH_AUTH_SOCK");
	bare = make_key("bare", "");
	locked = make_key("locked", PASS);
}

static void teardown(void)
{
	arena_free(a);
}

static struct signer *open_key(const char *key)
{
	struct signer *s = signer_open(key, WHO, &e);
	ck_assert_msg(s != NULL, "%s", e.msg);
	return s;
}

/* What ssh-keygen itself says to a signature. */
static bool ssh_keygen_agrees(const struct signer *s, const char *b64, const char *ns, const char *data)
{
	const char *allowed = at("allowed"), *sig = at("sig");
	const char *line = arena_printf(a, "%s\n", signer_allowed_line(s));
	const char *armor = arena_printf(a, "-----BEGIN SSH SIGNATURE-----\n%s\n-----END SSH SIGNATURE-----\n", b64);
	ck_assert(file_write(allowed, line, strlen(line), &e) && file_write(sig, armor, strlen(armor), &e));
	return run(ARGV("ssh-keygen", "-Y", "verify", "-f", allowed, "-I", WHO, "-n", ns, "-s", sig), data).status == 0;
}

START_TEST(signs_through_its_own_agent)
{
	struct signer *s = open_key(bare);
	ck_assert(!signer_unlocked(s));
	ck_assert_ptr_null(signer_sign(s, a, NS_ENTRY, DATA, strlen(DATA), &e));
	ck_assert_int_eq(e.code, ERR_SIGNATURE);
	ck_assert_ptr_nonnull(strstr(e.msg, "bare is locked"));
	ck_assert_msg(signer_unlock(s, &e), "%s", e.msg);
	ck_assert(signer_unlocked(s));
	char *sig = signer_sign(s, a, NS_ENTRY, DATA, strlen(DATA), &e);
	ck_assert_msg(sig != NULL, "%s", e.msg);
	ck_assert_ptr_null(strpbrk(sig, "\n\t "));
	ck_assert(ssh_keygen_agrees(s, sig, NS_ENTRY, DATA));
	ck_assert(!ssh_keygen_agrees(s, sig, NS_ENTRY, "{\"n\":1}"));
	ck_assert(!ssh_keygen_agrees(s, sig, NS_HEAD, DATA));
	sig = signer_sign(s, a, NS_COSIGN, DATA, strlen(DATA), &e);
	ck_assert(!ssh_keygen_agrees(s, sig, NS_COSIGN, DATA));   /* its line does not let it co-sign */
	signer_close(s);
}
END_TEST

static size_t sockets(void)
{
	const char **names;
	size_t n, found = 0;
	if (!dir_list(a, at("gatewalk"), &names, &n, NULL))
		return 0;
	for (size_t i = 0; i < n; i++)
		found += strncmp(names[i], "agent.", 6) == 0;
	return found;
}

START_TEST(its_agent_ends_with_it)
{
	struct signer *s = open_key(bare);
	ck_assert(signer_unlock(s, &e));
	ck_assert_uint_eq(sockets(), 1);
	signer_close(s);
	ck_assert_uint_eq(sockets(), 0);
}
END_TEST

START_TEST(its_agent_ends_when_we_are_killed)
{
	int unlocked[2];
	char byte;
	ck_assert_int_eq(pipe(unlocked), 0);
	pid_t pid = fork();
	if (pid == 0) {
		struct signer *s = signer_open(bare, WHO, NULL);
		if (!signer_unlock(s, NULL) || write(unlocked[1], "u", 1) != 1)
			_exit(1);
		pause();
	}
	close(unlocked[1]);
	ck_assert_int_eq(read(unlocked[0], &byte, 1), 1);
	close(unlocked[0]);
	ck_assert_uint_eq(sockets(), 1);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	for (int i = 0; i < 500 && sockets() > 0; i++)
		poll(NULL, 0, 10);
	ck_assert_uint_eq(sockets(), 0);   /* ssh-agent takes its socket away when it is told to end */
}
END_TEST

START_TEST(names)
{
	struct signer *s = open_key(bare);
	ck_assert_str_eq(signer_principal(s), WHO);
	ck_assert_str_eq(signer_key_path(s), bare);
	ck_assert_ptr_nonnull(strstr(run(ARGV("ssh-keygen", "-l", "-f", bare), NULL).out, signer_fingerprint(s)));
	ck_assert(strncmp(signer_allowed_line(s), WHO " namespaces=\"gatewalk-entry-v1,gatewalk-head-v1,gatewalk-trust-v1\" ssh-ed25519 AAAA", 80) == 0);
	ck_assert(!signer_go_by(s, "bob@example"));
	signer_close(s);
	s = signer_open(bare, NULL, &e);
	ck_assert_ptr_nonnull(strchr(signer_principal(s), '@'));
	ck_assert(signer_go_by(s, "ada@old-host"));
	ck_assert_str_eq(signer_principal(s), "ada@old-host");
	ck_assert(strncmp(signer_allowed_line(s), "ada@old-host ", 13) == 0);
	signer_close(s);
	static const char *const bad[] = { "", "a b", "*", "a,b", "a\"b", "-x", "!x" };
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		ck_assert_ptr_null(signer_open(bare, bad[i], &e));
	ck_assert_str_eq(e.msg, "\"!x\" cannot be a signer's name");
}
END_TEST

START_TEST(keys_that_are_refused)
{
	ck_assert_ptr_null(signer_open(at("none"), WHO, &e));
	ck_assert_int_eq(e.code, ERR_USE);
	ck_assert_ptr_nonnull(strstr(e.msg, "there is no key "));
	ck_assert_int_eq(run(ARGV("ssh-keygen", "-q", "-t", "rsa", "-b", "2048", "-N", "", "-f", at("rsa")), NULL).status, 0);
	ck_assert_ptr_null(signer_open(at("rsa"), WHO, &e));
	ck_assert_ptr_nonnull(strstr(e.msg, "rsa.pub is no Ed25519 key"));
	const char *open = make_key("open", "");
	chmod(open, 0644);
	ck_assert_ptr_null(signer_open(open, WHO, &e));
	ck_assert_ptr_nonnull(strstr(e.msg, "others may read the key "));
	const char *half = make_key("half", "");
	unlink(arena_printf(a, "%s.pub", half));
	ck_assert_ptr_null(signer_open(half, WHO, &e));
	ck_assert_ptr_nonnull(strstr(e.msg, "half.pub is missing"));
}
END_TEST

START_TEST(the_default_key)
{
	ck_assert_ptr_null(signer_open(NULL, WHO, &e));
	ck_assert_str_eq(e.hint, "gatewalk init makes one; or name yours with --key");
	ck_assert(dir_make(at("config/gatewalk"), &e));
	const char *line = arena_printf(a, "%s\n", bare);
	ck_assert(file_write(at("config/gatewalk/key"), line, strlen(line), &e));
	struct signer *s = open_key(NULL);
	ck_assert_str_eq(signer_key_path(s), bare);
	signer_close(s);
	unlink(at("config/gatewalk/key"));
}
END_TEST

START_TEST(a_public_half_of_another_key_is_noticed)
{
	char *pub;
	size_t len;
	const char *mixed = make_key("mixed", "");
	ck_assert(file_read(a, arena_printf(a, "%s.pub", bare), 4096, &pub, &len, &e));
	ck_assert(file_write(arena_printf(a, "%s.pub", mixed), pub, len, &e));
	struct signer *s = open_key(mixed);
	signer_unlock(s, &e);
	ck_assert_ptr_null(signer_sign(s, a, NS_ENTRY, DATA, strlen(DATA), &e));
	ck_assert_int_eq(e.code, ERR_SIGNATURE);
	signer_close(s);
}
END_TEST

START_TEST(a_key_exchanged_after_it_was_opened_is_noticed)
{
	char *data;
	size_t len;
	const char *mine = make_key("mine", ""), *theirs = make_key("theirs", "");
	struct signer *s = open_key(mine);
	ck_assert(signer_unlock(s, &e));
	ck_assert(file_read(a, theirs, 4096, &data, &len, &e) && file_write(mine, data, len, &e));
	ck_assert(file_read(a, arena_printf(a, "%s.pub", theirs), 4096, &data, &len, &e));
	ck_assert(file_write(arena_printf(a, "%s.pub", mine), data, len, &e));
	ck_assert_ptr_null(signer_sign(s, a, NS_ENTRY, DATA, strlen(DATA), &e));
	ck_assert_int_eq(e.code, ERR_SIGNATURE);
	ck_assert_ptr_nonnull(strstr(e.msg, "ssh-keygen's signature is not taken: the signature is by another key than SHA256:"));
	signer_close(s);
}
END_TEST

START_TEST(without_a_terminal_nothing_is_asked)
{
	struct signer *s = open_key(locked);
	pid_t pid = fork();
	if (pid == 0) {
		setsid();
		close(STDIN_FILENO);
		open("/dev/null", O_RDONLY);
		bool ok = signer_unlock(s, &e);
		_exit(!ok && e.code == ERR_SIGNATURE && strcmp(e.hint, "run it on a terminal, where ssh-add can ask for the passphrase") == 0
			&& !signer_sign_person(s, a, NS_ENTRY, DATA, strlen(DATA), &e)
			&& strcmp(e.msg, "this signature needs a person, and standard input is no terminal") == 0 ? 0 : 1);
	}
	int status;
	waitpid(pid, &status, 0);
	ck_assert_int_eq(status, 0);
	ck_assert(signer_needs_person(s, &e));
	signer_close(s);
	s = open_key(bare);
	ck_assert(!signer_needs_person(s, &e));
	ck_assert_ptr_nonnull(strstr(e.msg, "has no passphrase, so nobody would have to be there"));
	signer_close(s);
}
END_TEST

START_TEST(a_key_in_the_operators_agent)
{
	const char *away = make_key("away", ""), *sock = at("operator");
	struct child_kept agent = { .pid = -1, .hold = -1 };
	ck_assert(child_keep(ARGV("ssh-agent", "-D", "-a", sock), &agent, &e));
	setenv("SSH_AUTH_SOCK", sock, 1);
	for (int i = 0; i < 300 && run(ARGV("ssh-add", "-q", away), NULL).status != 0; i++)
		poll(NULL, 0, 10);
	unlink(away);
	struct signer *s = open_key(away);
	ck_assert(signer_unlocked(s));
	char *sig = signer_sign(s, a, NS_ENTRY, DATA, strlen(DATA), &e);
	ck_assert_msg(sig && ssh_keygen_agrees(s, sig, NS_ENTRY, DATA), "%s", e.msg);
	ck_assert(!signer_needs_person(s, &e));
	ck_assert_ptr_nonnull(strstr(e.msg, "an agent signs without asking"));
	signer_close(s);
	unsetenv("SSH_AUTH_SOCK");
	s = open_key(away);
	ck_assert(!signer_unlocked(s) && !signer_unlock(s, &e));
	ck_assert_ptr_nonnull(strstr(e.msg, "your ssh agent does not hold it"));
	signer_close(s);
	child_release(&agent);
}
END_TEST

/* ---- at a terminal ---- */

/* Runs fn with a terminal of its own and types each line when "passphrase" is asked for. Gives fn's answer. */
static bool at_terminal(bool (*fn)(void), const char *const *typed)
{
	int fd, status = -1;
	struct text seen = { 0 };
	size_t from = 0;
	pid_t pid = forkpty(&fd, NULL, NULL, NULL);
	if (pid == 0)
		_exit(fn() ? 0 : 1);
	for (int64_t until = clock_mono() + 20000000; clock_mono() < until; ) {
		char buf[512];
		struct pollfd p = { .fd = fd, .events = POLLIN };
		poll(&p, 1, 100);
		ssize_t n = p.revents ? read(fd, buf, sizeof buf) : 0;
		if (n < 0)
			break;
		text_addn(&seen, buf, (size_t)n);
		const char *colon = strstr(text_str(&seen) + from, ": ");
		if (colon && strstr(text_str(&seen) + from, "passphrase") && *typed) {
			from = (size_t)(colon + 2 - seen.s);
			poll(NULL, 0, 50);
			ck_assert_int_eq(write(fd, *typed, strlen(*typed)), (ssize_t)strlen(*typed));
			typed++;
		}
	}
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	close(fd);
	text_free(&seen);
	return status == 0;
}

static bool keep_signature(struct signer *s, char *sig)
{
	bool good = sig && file_write(at("result"), sig, strlen(sig), NULL);
	if (!sig)
		file_write(at("result"), e.msg, strlen(e.msg), NULL);
	signer_close(s);
	return good;
}

static bool person(void)
{
	struct signer *s = signer_open(locked, WHO, &e);
	return keep_signature(s, signer_sign_person(s, a, NS_ENTRY, DATA, strlen(DATA), &e));
}

static bool unlock_and_sign(void)
{
	struct signer *s = signer_open(locked, WHO, &e);
	return keep_signature(s, signer_unlock(s, &e) ? signer_sign(s, a, NS_ENTRY, DATA, strlen(DATA), &e) : NULL);
}

/* The agent has the key, and the person is asked all the same. */
static bool unlock_then_person(void)
{
	struct signer *s = signer_open(locked, WHO, &e);
	return keep_signature(s, signer_unlock(s, &e) ? signer_sign_person(s, a, NS_ENTRY, DATA, strlen(DATA), &e) : NULL);
}

static bool person_with_bare_key(void)
{
	struct signer *s = signer_open(bare, WHO, &e);
	return keep_signature(s, signer_sign_person(s, a, NS_ENTRY, DATA, strlen(DATA), &e));
}

static bool new_key(void)
{
	return signer_make_key(at("new"), "made", &e) || (file_write(at("result"), e.msg, strlen(e.msg), NULL) && false);
}

static const char *result(void)
{
	char *data;
	size_t len;
	return file_read(a, at("result"), 8192, &data, &len, NULL) ? data : "";
}

START_TEST(a_person_types_the_passphrase)
{
	struct signer *s = open_key(locked);
	ck_assert(at_terminal(person, ARGV(PASS "\n")));
	ck_assert(ssh_keygen_agrees(s, result(), NS_ENTRY, DATA));
	ck_assert(!at_terminal(person, ARGV("wrong\n", "wrong\n", "wrong\n")));
	ck_assert_str_eq(result(), "ssh-keygen did not sign");
	signer_close(s);
}
END_TEST

START_TEST(unlocking_asks_once)
{
	struct signer *s = open_key(locked);
	ck_assert(at_terminal(unlock_and_sign, ARGV(PASS "\n")));
	ck_assert(ssh_keygen_agrees(s, result(), NS_ENTRY, DATA));
	ck_assert(!at_terminal(unlock_and_sign, ARGV("wrong\n", "\n")));
	ck_assert_ptr_nonnull(strstr(result(), "locked was not unlocked"));
	signer_close(s);
}
END_TEST

START_TEST(an_unlocked_key_does_not_stand_for_a_person)
{
	ck_assert(at_terminal(unlock_then_person, ARGV(PASS "\n", PASS "\n")));
	ck_assert(!at_terminal(unlock_then_person, ARGV(PASS "\n", "wrong\n", "wrong\n", "wrong\n")));
	ck_assert(!at_terminal(person_with_bare_key, ARGV("\n")));
	ck_assert_ptr_nonnull(strstr(result(), "has no passphrase"));
}
END_TEST

START_TEST(a_new_key_has_a_passphrase)
{
	ck_assert(!at_terminal(new_key, ARGV("\n", "\n")));
	ck_assert_str_eq(result(), "a key without a passphrase was not kept");
	ck_assert(!file_exists(at("new")) && !file_exists(at("new.pub")));
	ck_assert(at_terminal(new_key, ARGV(PASS "\n", PASS "\n")));
	struct signer *s = open_key(at("new"));
	ck_assert(signer_needs_person(s, &e));
	signer_close(s);
	ck_assert(!at_terminal(new_key, ARGV(PASS "\n")));
	ck_assert_ptr_nonnull(strstr(result(), "new exists"));
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("sign");
	TCase *t = tcase_create("sign");
	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, signs_through_its_own_agent);
	tcase_add_test(t, its_agent_ends_with_it);
	tcase_add_test(t, its_agent_ends_when_we_are_killed);
	tcase_add_test(t, names);
	tcase_add_test(t, keys_that_are_refused);
	tcase_add_test(t, the_default_key);
	tcase_add_test(t, a_public_half_of_another_key_is_noticed);
	tcase_add_test(t, a_key_exchanged_after_it_was_opened_is_noticed);
	tcase_add_test(t, without_a_terminal_nothing_is_asked);
	tcase_add_test(t, a_key_in_the_operators_agent);
	tcase_add_test(t, a_person_types_the_passphrase);
	tcase_add_test(t, unlocking_asks_once);
	tcase_add_test(t, an_unlocked_key_does_not_stand_for_a_person);
	tcase_add_test(t, a_new_key_has_a_passphrase);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return test_main(suite());
}
