/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The operator's socket: the server side of xtrctl. Control lcore only.
 *
 * An AF_UNIX stream socket of mode 0600. The client sends one line, a JSON array of words:
 * ["show","map-cache","instance","0"]\n. The answer is a first line, "ok" or "error TEXT", after
 * "ok" one JSON document without raw line ends in it, and one line end. That last line end tells
 * the client that the document is whole. Then the server closes.
 *
 * Nothing here ever waits: a client that reads slowly gets its answer in slices, and an answer of a
 * million entries is made as it is read (struct xtr_oper_stream).
 */
#ifndef XTR_OPER_H
#define XTR_OPER_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#define XTR_OPER_CLIENTS 16
#define XTR_OPER_LINE    4096 /* bytes of a request, line end included */
#define XTR_OPER_WORDS   32   /* words of a request */
#define XTR_OPER_SLICE                                                                             \
	(256u * 1024) /* bytes that one xtr_oper_run() writes at most, all clients together */
#define XTR_OPER_SLICE_US 1000u /* after this long it makes no further item of a stream */
#define XTR_OPER_FILL                                                                              \
	(64u * 1024) /* bytes of a stream that are made ahead for a client, give or take an item   \
		      */
#define XTR_OPER_REQUEST_MS (10u * 1000) /* a client that asks nothing for so long is closed */
#define XTR_OPER_READ_MS                                                                           \
	(5u * 60 * 1000) /* and one that reads nothing of its answer for so long; while it waits   \
			    for a command's later answer it has no limit */

/*
 * An answer that is made item by item, {"KEY":[ITEM,ITEM,...]}, as the client reads it. Between two
 * calls the control lcore does other things, so what the items come from may change: keep the key
 * of the last item, not a pointer to it.
 */
struct xtr_oper_stream {
	const char *key;
	/* 1 and a new reference in *item; 0: that was all; negative errno: the answer breaks off.
	 */
	int (*next)(void *state, json_t **item);
	/* Members that follow the array: a new reference to an object, or NULL. May itself be NULL.
	 * Called once, after next() gave 0. */
	json_t *(*rest)(void *state);
	/* Called once in any case. May be NULL. */
	void (*free)(void *state);
	void *state;
};

/*
 * A client that waits for an answer that comes later; others are served meanwhile. The address is
 * what the command answers with: xtr_oper_answer() once, or cancel() comes first, and after either
 * it is not the command's any more. The command may keep it nowhere else.
 */
struct xtr_oper_later {
	/* The client is gone, or the socket is being closed. */
	void (*cancel)(void *state);
	void *state;
};

/*
 * A command. Exactly one of the three functions is there. They get the words after the pattern
 * (valid during the call only), and return 0, or negative errno with one line about it in err
 * (without one, the errno's text goes out). `arg` is that of xtr_oper_open(). handler: for answers
 * of bounded size, a new reference in *out. stream: *stream is zeroed before; `next` must be set.
 * later: *later is zeroed before; `cancel` must be set, unless it answers before it returns. Where
 * it returns an error, that is the answer.
 */
struct xtr_oper_command {
	const char *words; /* the pattern: "show map-cache". The longest that fits wins */
	const char *args;  /* for help: "[ADDRESS|PREFIX] [instance N]". NULL: the command takes no
			      further words, and gets none */
	const char *help;  /* half a line */
	int (*handler)(void *arg, const char *const *words, unsigned n_words, json_t **out,
	    char *err, size_t err_size);
	int (*stream)(void *arg, const char *const *words, unsigned n_words,
	    struct xtr_oper_stream *stream, char *err, size_t err_size);
	int (*later)(void *arg, const char *const *words, unsigned n_words,
	    struct xtr_oper_later *later, char *err, size_t err_size);
};

struct xtr_oper;

/*
 * Listens at path; makes its directory where absent; replaces the socket of a dead process. The
 * command `help` is there by itself:
 * {"commands":[{"words","args" (null: none),"help"}]}. The table is not copied. NULL and errno on
 * failure: EADDRINUSE where a live process answers at path, ENOTSOCK where something else than a
 * socket is there.
 */
struct xtr_oper *xtr_oper_open(
    const char *path, const struct xtr_oper_command *commands, unsigned n_commands, void *arg);
/*
 * The answer of a command's later(): a new reference, or NULL and one line in err. May be called
 * from anywhere on the control lcore but a cancel(); xtr_oper_fd() becomes readable.
 */
void xtr_oper_answer(struct xtr_oper_later *later, json_t *answer, const char *err);
/* Closes the clients, ends their streams, cancels what they wait for, removes the socket if it is
 * still ours. o may be NULL. */
void xtr_oper_close(struct xtr_oper *o);
/* An epoll descriptor: readable (level-triggered) as long as there is something to do. */
int xtr_oper_fd(const struct xtr_oper *o);
/*
 * Does a slice of it. now is any clock in ms that does not go back. Call it when the descriptor is
 * readable, and about once a second in any case, for the limits above.
 */
void xtr_oper_run(struct xtr_oper *o, uint64_t now);
/* Clients connected now. */
unsigned xtr_oper_clients(const struct xtr_oper *o);

#endif
