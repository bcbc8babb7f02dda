// A C face on simdjson: one request body of usage events in, flat records out.
//
// The records point into memory that the scanner owns. They stay valid until the next `scan_events`, `scan_trim` or
// `scan_destroy` of the same scanner. A scanner is used by one thread at a time.

#ifndef CSIMDJSON_SCAN_H
#define CSIMDJSON_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SCAN_CLOSED __attribute__((enum_extensibility(closed)))

enum {
    SCAN_TEXT_LIMIT = 256,      // bytes of an event name, idempotency key or any other text field
    SCAN_KEY_NAME_LIMIT = 128,  // bytes
    SCAN_KEY_VALUE_LIMIT = 256, // bytes
    SCAN_KEY_LIMIT = 16,        // keys of one company or user
    SCAN_TRAITS_LIMIT = 16384,  // bytes of raw JSON
    SCAN_EVENT_DEPTH = 64,      // levels of one event, its own braces included
    SCAN_BODY_DEPTH = 256,      // levels of a whole body: what the reader's recursion may use of the stack
    SCAN_KEPT_BYTES = 1 << 20,  // `scan_trim` keeps buffers made for bodies up to this size
};

typedef enum SCAN_CLOSED {
    SCAN_FORM_BATCH,  // {"events": [event, …]} or a bare array
    SCAN_FORM_SINGLE, // one event
    SCAN_FORM_NDJSON, // one event a line
} scan_form;

// Why nothing of a body can be used.
typedef enum SCAN_CLOSED {
    SCAN_FAILURE_NONE,
    SCAN_FAILURE_EMPTY,
    SCAN_FAILURE_NOT_JSON,
    SCAN_FAILURE_TRUNCATED,
    SCAN_FAILURE_NOT_UTF8,
    SCAN_FAILURE_TOO_DEEP,
    SCAN_FAILURE_NO_EVENTS,
    SCAN_FAILURE_TOO_MANY_EVENTS,
    SCAN_FAILURE_TOO_LARGE,
    SCAN_FAILURE_OUT_OF_MEMORY,
} scan_failure;

typedef enum SCAN_CLOSED {
    SCAN_TYPE_TRACK,
    SCAN_TYPE_IDENTIFY,
    SCAN_TYPE_FLAG_CHECK,
    SCAN_TYPE_INFERENCE,
} scan_type;

// Why one event is refused. Each says which other members of `scan_refusal` it fills.
typedef enum SCAN_CLOSED {
    SCAN_REASON_NONE,
    SCAN_REASON_NOT_JSON,               // a line of NDJSON
    SCAN_REASON_NOT_UTF8,               // a line of NDJSON
    SCAN_REASON_NOT_OBJECT,             // the event itself
    SCAN_REASON_TOO_DEEP,
    SCAN_REASON_MISSING,                // field
    SCAN_REASON_EMPTY,                  // field
    SCAN_REASON_WRONG_KIND,             // field
    SCAN_REASON_TOO_LONG,               // field, measured: bytes
    SCAN_REASON_TYPE_UNKNOWN,           // detail: the type
    SCAN_REASON_QUANTITY_OUT_OF_RANGE,  // detail: the number
    SCAN_REASON_QUANTITY_NOT_INTEGER,   // detail: the number or text; all else of the event is there, and right
    SCAN_REASON_TOO_MANY_KEYS,          // field
    SCAN_REASON_KEY_NAME_EMPTY,         // field
    SCAN_REASON_KEY_NAME_TOO_LONG,      // field, measured: bytes
    SCAN_REASON_KEY_VALUE_EMPTY,        // field, detail: the key's name
    SCAN_REASON_KEY_VALUE_TOO_LONG,     // field, detail: the key's name, measured: bytes
    SCAN_REASON_KEY_VALUE_NOT_STRING,   // field, detail: the key's name, measured: first byte of the value
} scan_reason;

typedef enum SCAN_CLOSED {
    SCAN_FIELD_NONE,
    SCAN_FIELD_TYPE,
    SCAN_FIELD_BODY,
    SCAN_FIELD_API_KEY,
    SCAN_FIELD_IDEMPOTENCY_KEY,
    SCAN_FIELD_SENT_AT,
    SCAN_FIELD_TRUSTED_CLIENT_CLOCK,
    SCAN_FIELD_BACKFILL,
    SCAN_FIELD_TRACKER_EVENT_ID,
    SCAN_FIELD_TRACKER_USER_ID,
    SCAN_FIELD_EVENT,
    SCAN_FIELD_COMPANY,
    SCAN_FIELD_USER,
    SCAN_FIELD_QUANTITY,
    SCAN_FIELD_TRAITS,
    SCAN_FIELD_LEASE_ID,
    SCAN_FIELD_RESERVATION_ID,
} scan_field;

// `count` bytes of UTF-8 at `offset` from the result's `base`. No bytes: absent.
typedef struct {
    uint32_t offset;
    uint32_t count;
} scan_text;

typedef struct {
    scan_text name;
    scan_text value;
} scan_key;

// `count` keys from `first` in the result's `keys`.
typedef struct {
    uint32_t first;
    uint32_t count;
} scan_keys;

typedef struct {
    scan_reason reason;
    scan_field field;
    scan_text detail;
    uint32_t measured;
} scan_refusal;

typedef struct {
    scan_text name;
    scan_keys company;
    scan_keys user;
    int64_t quantity;
    bool has_quantity;
    scan_text reservation_id;
    scan_text lease_id;
    scan_text traits; // raw JSON object, absent when empty
} scan_track;

typedef struct {
    scan_refusal refusal;
    scan_type type;
    bool trusted_client_clock;
    bool backfill;
    scan_text api_key;
    scan_text idempotency_key;
    scan_text sent_at;
    scan_text tracker_event_id;
    scan_text tracker_user_id;
    scan_text body;   // raw JSON object
    scan_track track; // only of types track and inference, of the latter without quantity and traits
} scan_event;

typedef struct {
    const uint8_t *base;
    const scan_event *events;
    const scan_key *keys;
    size_t count;     // of events; the place of an event is its index in the request
    ptrdiff_t offset; // of a failure, in bytes from the start of the body; -1 when not known
    ptrdiff_t index;  // of the event that a failure is in; -1 when not known
} scan_result;

typedef struct scanner scanner;

// NULL when there is no memory.
scanner *scan_create(void);

void scan_destroy(scanner *scanner);

// Reads `count` bytes at `body`, copying them. On failure the result holds no events.
scan_failure scan_events(
    scanner *scanner, const uint8_t *body, size_t count, scan_form form, size_t limit, scan_result *result);

// Gives back the memory that an unusually large body took.
void scan_trim(scanner *scanner);

#ifdef __cplusplus
}
#endif

#endif
