// The event path's JSON reader, on simdjson's on-demand API.
//
// On-demand is lazy: it checks only what is asked for. So every value is visited here exactly once, in the order of the
// text: fields of interest are taken, everything else is walked, and `check_scalar` and `read_text` judge the tokens.
// What a body means may stand after it (`type`), so each body is read tentatively as a track body; its refusal counts
// only if the event turns out to be one, or to be of inference, which names its event and its company alike.
//
// A field that occurs twice: the last one counts, but each of them must be acceptable.

#include "scan.h"
#include "token.hpp"

#include <cstring>
#include <memory>
#include <new>
#include <string_view>
#include <vector>

#include <simdjson.h>

using simdjson::error_code;
using simdjson::ondemand::document;
using simdjson::ondemand::field;
using simdjson::ondemand::object;
using simdjson::ondemand::value;

#define TRY(expression)                                                                                                \
    if (error_code failed = (expression)) { return failed; }

namespace {

constexpr size_t body_limit = size_t(1) << 30; // twice this and the padding must fit the 32-bit offsets
constexpr ptrdiff_t unknown = -1;

void refuse(scan_refusal &refusal, scan_reason reason, scan_field field, scan_text detail = {}, size_t measured = 0) {
    // A quantity with a fraction may yet be taken, so anything else counts more.
    if (refusal.reason != SCAN_REASON_NONE && refusal.reason != SCAN_REASON_QUANTITY_NOT_INTEGER) { return; }
    refusal = {reason, field, detail, uint32_t(measured)};
}

} // namespace

struct scanner {
    scan_failure scan(const uint8_t *body, size_t count, scan_form form, size_t limit, scan_result &result);
    void trim();

private:
    simdjson::ondemand::parser parser;
    document current;
    std::vector<scan_event> events;
    std::vector<scan_key> keys;

    // One block: the body, simdjson's padding, then as much again for strings that had escapes.
    std::unique_ptr<char[]> block;
    size_t capacity = 0;
    const char *body_end = nullptr;
    uint8_t *unescaped_end = nullptr;
    const char *next_escape = nullptr; // the first backslash at or after the last string looked at

    bool is_indexed = false; // simdjson's first stage has accepted the document: `current` is its iterator
    size_t event_limit = 0;
    ptrdiff_t event_in_reading = unknown;
    unsigned deepest = 0;
    scan_failure decided = SCAN_FAILURE_NONE; // set when a function stops the scan for a reason of its own

    void load(const uint8_t *body, size_t count);
    error_code read_document(const char *from, size_t count, scan_form form);
    error_code read_batch();
    template <typename Array> error_code read_events(Array array);
    scan_failure read_lines(size_t count);
    error_code read_event(object from);
    error_code read_body_of(scan_event &event, value from, scan_refusal &refusal_as_track);
    error_code read_track(object from, scan_track &track, scan_refusal &refusal);
    error_code read_name(field &from, std::string_view &name);
    error_code read_keys(value from, scan_field which, scan_keys &out, scan_refusal &refusal);
    error_code read_string(value from, scan_field which, scan_text &out, scan_refusal &refusal);
    error_code read_quantity(value from, scan_track &track, scan_refusal &refusal);
    error_code read_traits(value from, scan_track &track, scan_refusal &refusal);
    error_code read_flag(value from, scan_field which, bool &out, scan_refusal &refusal);
    error_code read_text(token from, bool keep, scan_text &out);
    error_code walk(value from, unsigned depth);
    error_code walk_refused(value from, scan_field which, scan_refusal &refusal);
    error_code slice_container(const char *begin, scan_text &out);
    bool has_escape(const char *begin, const char *end);
    error_code add_event();
    scan_failure failure(error_code error) const;

    scan_text slice(const char *begin, const char *end) const {
        return {uint32_t(begin - block.get()), uint32_t(end - begin)};
    }
    std::string_view view(scan_text text) const { return {block.get() + text.offset, text.count}; }
};

// MARK: Tokens

bool scanner::has_escape(const char *begin, const char *end) {
    if (next_escape < begin) {
        auto found = static_cast<const char *>(std::memchr(begin, '\\', size_t(body_end - begin)));
        next_escape = found ? found : body_end;
    }
    return next_escape < end;
}

// The text of a string token. One that is not kept is only judged.
error_code scanner::read_text(token from, bool keep, scan_text &out) {
    if (from.end - from.begin < 2 || from.end[-1] != '"') { return simdjson::STRING_ERROR; }
    if (from.is_before_colon) { return simdjson::TAPE_ERROR; }
    if (!has_escape(from.begin, from.end)) {
        out = slice(from.begin + 1, from.end - 1);
        return simdjson::SUCCESS;
    }
    // Unescaped text is never longer than its source, and each string is read once: the block's second half suffices.
    uint8_t *end = unescaped_end;
    std::string_view text;
    auto raw = simdjson::ondemand::raw_json_string(reinterpret_cast<const uint8_t *>(from.begin + 1));
    TRY(parser.unescape(raw, end).get(text));
    out = slice(text.data(), text.data() + text.size());
    if (keep) { unescaped_end = end; }
    return simdjson::SUCCESS;
}

// The name of a field. simdjson tells where it begins; it ends before the colon that stands before the value.
error_code scanner::read_name(field &from, std::string_view &name) {
    const char *begin = from.key().raw() - 1;
    const char *end = token(from.value()).begin - 1;
    while (*end != ':') { --end; }
    while (is_space(end[-1])) { --end; }
    scan_text text;
    TRY(read_text(token(begin, end), true, text));
    name = view(text);
    return simdjson::SUCCESS;
}

// What was just read in full began at `begin` and ends before the next token, white space aside.
error_code scanner::slice_container(const char *begin, scan_text &out) {
    const char *end = nullptr;
    TRY(current.current_location().get(end));
    while (end > begin && is_space(end[-1])) { --end; }
    out = slice(begin, end);
    return simdjson::SUCCESS;
}

// Visits everything in a value and judges it.
error_code scanner::walk(value from, unsigned depth) {
    token t(from);
    scan_text text;
    if (t.kind() == '"') { return read_text(t, false, text); }
    if (t.kind() != '{' && t.kind() != '[') { return check_scalar(t); }
    if (depth > SCAN_BODY_DEPTH) { return simdjson::DEPTH_ERROR; }
    if (depth > deepest) { deepest = depth; }
    if (t.kind() == '{') {
        object fields;
        TRY(from.get_object().get(fields));
        for (auto result : fields) {
            field next;
            std::string_view name;
            TRY(std::move(result).get(next));
            TRY(read_name(next, name));
            TRY(walk(next.value(), depth + 1));
        }
    } else {
        simdjson::ondemand::array elements;
        TRY(from.get_array().get(elements));
        for (auto result : elements) {
            value next;
            TRY(std::move(result).get(next));
            TRY(walk(next, depth + 1));
        }
    }
    return simdjson::SUCCESS;
}

// MARK: Fields

error_code scanner::walk_refused(value from, scan_field which, scan_refusal &refusal) {
    refuse(refusal, SCAN_REASON_WRONG_KIND, which);
    return walk(from, 3);
}

error_code scanner::read_string(value from, scan_field which, scan_text &out, scan_refusal &refusal) {
    token t(from);
    out = {};
    if (t.is_null()) { return simdjson::SUCCESS; }
    if (t.kind() != '"') { return walk_refused(from, which, refusal); }
    TRY(read_text(t, true, out));
    if (out.count > SCAN_TEXT_LIMIT) { refuse(refusal, SCAN_REASON_TOO_LONG, which, {}, out.count); }
    if (out.count == 0 && which == SCAN_FIELD_EVENT) { refuse(refusal, SCAN_REASON_EMPTY, which); }
    return simdjson::SUCCESS;
}

error_code scanner::read_flag(value from, scan_field which, bool &out, scan_refusal &refusal) {
    token t(from);
    out = t.is("true");
    if (out || t.is("false") || t.is_null()) { return simdjson::SUCCESS; }
    return walk_refused(from, which, refusal);
}

error_code scanner::read_quantity(value from, scan_track &track, scan_refusal &refusal) {
    token t(from);
    track.has_quantity = false;
    if (t.is_null()) { return simdjson::SUCCESS; }
    if (t.kind() == '"') {
        scan_text text;
        TRY(read_text(t, true, text));
        refuse(refusal, SCAN_REASON_QUANTITY_NOT_INTEGER, SCAN_FIELD_QUANTITY, text);
        return simdjson::SUCCESS;
    }
    bool is_number = t.kind() == '-' || is_digit(t.kind());
    if (is_number && classify(t) == number::other) {
        refuse(refusal, SCAN_REASON_QUANTITY_NOT_INTEGER, SCAN_FIELD_QUANTITY, slice(t.begin, t.end));
        return simdjson::SUCCESS;
    }
    if (!is_number || classify(t) != number::integer) {
        return walk_refused(from, SCAN_FIELD_QUANTITY, refusal);
    }
    // Counted downwards, because the range reaches one further below zero.
    bool negative = t.kind() == '-';
    int64_t quantity = 0;
    bool overflow = false;
    for (const char *at = t.begin + negative; at < t.end; ++at) {
        overflow |= __builtin_mul_overflow(quantity, 10, &quantity);
        overflow |= __builtin_sub_overflow(quantity, *at - '0', &quantity);
    }
    overflow |= !negative && __builtin_sub_overflow(int64_t(0), quantity, &quantity);
    if (overflow) {
        refuse(refusal, SCAN_REASON_QUANTITY_OUT_OF_RANGE, SCAN_FIELD_QUANTITY, slice(t.begin, t.end));
    }
    track.quantity = quantity;
    track.has_quantity = true;
    return simdjson::SUCCESS;
}

error_code scanner::read_traits(value from, scan_track &track, scan_refusal &refusal) {
    token t(from);
    track.traits = {};
    if (t.is_null()) { return simdjson::SUCCESS; }
    if (t.kind() != '{') { return walk_refused(from, SCAN_FIELD_TRAITS, refusal); }
    TRY(walk(from, 3));
    TRY(slice_container(t.begin, track.traits));
    const char *inside = t.begin + 1;
    while (is_space(*inside)) { ++inside; }
    if (*inside == '}') {
        track.traits = {};
    } else if (track.traits.count > SCAN_TRAITS_LIMIT) {
        refuse(refusal, SCAN_REASON_TOO_LONG, SCAN_FIELD_TRAITS, {}, track.traits.count);
    }
    return simdjson::SUCCESS;
}

error_code scanner::read_keys(value from, scan_field which, scan_keys &out, scan_refusal &refusal) {
    token t(from);
    out = {uint32_t(keys.size()), 0};
    if (t.is_null()) { return simdjson::SUCCESS; }
    if (t.kind() != '{') { return walk_refused(from, which, refusal); }
    object fields;
    TRY(from.get_object().get(fields));
    for (auto result : fields) {
        field next;
        std::string_view name;
        scan_key key;
        TRY(std::move(result).get(next));
        TRY(read_name(next, name));
        key.name = slice(name.data(), name.data() + name.size());
        token content(next.value());
        if (content.is_null()) { continue; }
        if (content.kind() != '"') {
            refuse(refusal, SCAN_REASON_KEY_VALUE_NOT_STRING, which, key.name, uint8_t(content.kind()));
            TRY(walk(next.value(), 4));
            continue;
        }
        TRY(read_text(content, true, key.value));
        if (key.name.count == 0) { refuse(refusal, SCAN_REASON_KEY_NAME_EMPTY, which); }
        if (key.name.count > SCAN_KEY_NAME_LIMIT) {
            refuse(refusal, SCAN_REASON_KEY_NAME_TOO_LONG, which, {}, key.name.count);
        }
        if (key.value.count == 0) { refuse(refusal, SCAN_REASON_KEY_VALUE_EMPTY, which, key.name); }
        if (key.value.count > SCAN_KEY_VALUE_LIMIT) {
            refuse(refusal, SCAN_REASON_KEY_VALUE_TOO_LONG, which, key.name, key.value.count);
        }
        bool replaced = false;
        for (size_t i = out.first; i < keys.size() && !replaced; ++i) {
            replaced = view(keys[i].name) == name;
            if (replaced) { keys[i] = key; }
        }
        if (replaced) { continue; }
        if (out.count == SCAN_KEY_LIMIT) {
            refuse(refusal, SCAN_REASON_TOO_MANY_KEYS, which);
            continue;
        }
        keys.push_back(key);
        out.count += 1;
    }
    return simdjson::SUCCESS;
}

// MARK: Events

error_code scanner::read_track(object from, scan_track &track, scan_refusal &refusal) {
    for (auto result : from) {
        field next;
        std::string_view name;
        TRY(std::move(result).get(next));
        TRY(read_name(next, name));
        value &content = next.value();
        scan_field which = field_named(name);
        switch (which) {
        case SCAN_FIELD_EVENT: TRY(read_string(content, which, track.name, refusal)); break;
        case SCAN_FIELD_COMPANY: TRY(read_keys(content, which, track.company, refusal)); break;
        case SCAN_FIELD_USER: TRY(read_keys(content, which, track.user, refusal)); break;
        case SCAN_FIELD_QUANTITY: TRY(read_quantity(content, track, refusal)); break;
        case SCAN_FIELD_TRAITS: TRY(read_traits(content, track, refusal)); break;
        case SCAN_FIELD_LEASE_ID: TRY(read_string(content, which, track.lease_id, refusal)); break;
        case SCAN_FIELD_RESERVATION_ID: TRY(read_string(content, which, track.reservation_id, refusal)); break;
        default: TRY(walk(content, 3));
        }
    }
    return simdjson::SUCCESS;
}

// A null body is an absent one.
error_code scanner::read_body_of(scan_event &event, value from, scan_refusal &refusal_as_track) {
    token t(from);
    event.body = {};
    event.track = {};
    refusal_as_track = {};
    if (t.is_null()) { return simdjson::SUCCESS; }
    if (t.kind() != '{') { return walk_refused(from, SCAN_FIELD_BODY, event.refusal); }
    object fields;
    TRY(from.get_object().get(fields));
    TRY(read_track(fields, event.track, refusal_as_track));
    return slice_container(t.begin, event.body);
}

error_code scanner::read_event(object from) {
    scan_event &event = events.back();
    scan_refusal &refusal = event.refusal;
    scan_refusal refusal_as_track = {};
    scan_text type = {};
    size_t keys_before = keys.size();
    for (auto result : from) {
        field next;
        std::string_view name;
        TRY(std::move(result).get(next));
        TRY(read_name(next, name));
        value &content = next.value();
        scan_field which = field_named(name);
        switch (which) {
        case SCAN_FIELD_TYPE: TRY(read_string(content, which, type, refusal)); break;
        case SCAN_FIELD_BODY: TRY(read_body_of(event, content, refusal_as_track)); break;
        case SCAN_FIELD_API_KEY: TRY(read_string(content, which, event.api_key, refusal)); break;
        case SCAN_FIELD_IDEMPOTENCY_KEY: TRY(read_string(content, which, event.idempotency_key, refusal)); break;
        case SCAN_FIELD_SENT_AT: TRY(read_string(content, which, event.sent_at, refusal)); break;
        case SCAN_FIELD_TRACKER_EVENT_ID: TRY(read_string(content, which, event.tracker_event_id, refusal)); break;
        case SCAN_FIELD_TRACKER_USER_ID: TRY(read_string(content, which, event.tracker_user_id, refusal)); break;
        case SCAN_FIELD_BACKFILL: TRY(read_flag(content, which, event.backfill, refusal)); break;
        case SCAN_FIELD_TRUSTED_CLIENT_CLOCK:
            TRY(read_flag(content, which, event.trusted_client_clock, refusal));
            break;
        default: TRY(walk(content, 2));
        }
    }
    if (deepest > SCAN_EVENT_DEPTH) { refuse(refusal, SCAN_REASON_TOO_DEEP, SCAN_FIELD_NONE); }
    std::string_view kind = view(type);
    if (kind == "track") {
        event.type = SCAN_TYPE_TRACK;
    } else if (kind == "identify") {
        event.type = SCAN_TYPE_IDENTIFY;
    } else if (kind == "flag_check") {
        event.type = SCAN_TYPE_FLAG_CHECK;
    } else if (kind == "inference") {
        event.type = SCAN_TYPE_INFERENCE;
    } else if (kind.empty()) {
        refuse(refusal, SCAN_REASON_MISSING, SCAN_FIELD_TYPE);
    } else {
        refuse(refusal, SCAN_REASON_TYPE_UNKNOWN, SCAN_FIELD_TYPE, type);
    }
    if (event.body.count == 0) { refuse(refusal, SCAN_REASON_MISSING, SCAN_FIELD_BODY); }
    bool is_track = event.type == SCAN_TYPE_TRACK;
    bool is_inference = event.type == SCAN_TYPE_INFERENCE;
    if ((is_track || is_inference) && refusal.reason == SCAN_REASON_NONE) { refusal = refusal_as_track; }
    if (is_track && event.track.name.count == 0) { refuse(refusal, SCAN_REASON_MISSING, SCAN_FIELD_EVENT); }
    bool is_usable = refusal.reason == SCAN_REASON_NONE || refusal.reason == SCAN_REASON_QUANTITY_NOT_INTEGER;
    if (!(is_track || is_inference) || !is_usable) {
        event.track = {};
        keys.resize(keys_before);
    }
    if (is_inference) {
        event.track.has_quantity = false;
        event.track.quantity = 0;
        event.track.traits = {};
    }
    return simdjson::SUCCESS;
}

// A record for the next event, as the last of `events`.
error_code scanner::add_event() {
    if (events.size() >= event_limit) {
        decided = SCAN_FAILURE_TOO_MANY_EVENTS;
        return simdjson::CAPACITY;
    }
    event_in_reading = ptrdiff_t(events.size());
    deepest = 1;
    events.push_back({});
    return simdjson::SUCCESS;
}

// MARK: Bodies

template <typename Array> error_code scanner::read_events(Array array) {
    for (auto result : array) {
        value next;
        TRY(std::move(result).get(next));
        TRY(add_event());
        if (token(next).kind() == '{') {
            object fields;
            TRY(next.get_object().get(fields));
            TRY(read_event(fields));
        } else {
            refuse(events.back().refusal, SCAN_REASON_NOT_OBJECT, SCAN_FIELD_NONE);
            TRY(walk(next, 1));
        }
    }
    event_in_reading = unknown;
    return simdjson::SUCCESS;
}

error_code scanner::read_batch() {
    std::string_view root;
    TRY(current.raw_json_token().get(root));
    if (root[0] == '[') { return read_events(current.get_array()); }
    bool found = false;
    if (root[0] == '{') {
        object fields;
        TRY(current.get_object().get(fields));
        for (auto result : fields) {
            field next;
            std::string_view name;
            TRY(std::move(result).get(next));
            TRY(read_name(next, name));
            value &content = next.value();
            if (name != "events") {
                TRY(walk(content, 2));
                continue;
            }
            found = token(content).kind() == '[';
            events.clear();
            keys.clear();
            if (found) {
                TRY(read_events(content.get_array()));
            } else {
                TRY(walk(content, 2));
            }
        }
    }
    if (!found) { decided = SCAN_FAILURE_NO_EVENTS; }
    return found ? simdjson::SUCCESS : simdjson::INCORRECT_TYPE;
}

// One JSON text, from its first to its last token.
error_code scanner::read_document(const char *from, size_t count, scan_form form) {
    size_t allocated = size_t(body_end - from) + simdjson::SIMDJSON_PADDING;
    is_indexed = false;
    TRY(parser.iterate(from, count, allocated).get(current));
    is_indexed = true;
    if (form == SCAN_FORM_BATCH) {
        TRY(read_batch());
    } else {
        std::string_view root;
        TRY(current.raw_json_token().get(root));
        if (root[0] != '{') {
            decided = SCAN_FAILURE_NO_EVENTS;
            return simdjson::INCORRECT_TYPE;
        }
        object fields;
        TRY(current.get_object().get(fields));
        TRY(add_event());
        TRY(read_event(fields));
    }
    // An iterator that met an error may also just end; then the document is dead or has tokens left.
    bool complete = current.is_alive() && current.current_location().error() == simdjson::OUT_OF_BOUNDS;
    return complete ? simdjson::SUCCESS : simdjson::TRAILING_CONTENT;
}

scan_failure scanner::failure(error_code error) const {
    if (decided != SCAN_FAILURE_NONE) { return decided; }
    switch (error) {
    case simdjson::SUCCESS: return SCAN_FAILURE_NONE;
    case simdjson::EMPTY: return SCAN_FAILURE_EMPTY;
    case simdjson::UTF8_ERROR: return SCAN_FAILURE_NOT_UTF8;
    case simdjson::DEPTH_ERROR: return SCAN_FAILURE_TOO_DEEP;
    case simdjson::MEMALLOC: return SCAN_FAILURE_OUT_OF_MEMORY;
    case simdjson::UNCLOSED_STRING:
    case simdjson::INCOMPLETE_ARRAY_OR_OBJECT: return SCAN_FAILURE_TRUNCATED;
    default: return SCAN_FAILURE_NOT_JSON;
    }
}

scan_failure scanner::read_lines(size_t count) {
    const char *line = block.get();
    const char *end = line + count;
    while (line < end) {
        auto newline = static_cast<const char *>(std::memchr(line, '\n', size_t(end - line)));
        const char *line_end = newline ? newline : end;
        size_t events_before = events.size();
        scan_failure failed = failure(read_document(line, size_t(line_end - line), SCAN_FORM_SINGLE));
        decided = SCAN_FAILURE_NONE;
        scan_reason reason = SCAN_REASON_NONE;
        switch (failed) {
        case SCAN_FAILURE_NONE:
        case SCAN_FAILURE_EMPTY: break;
        case SCAN_FAILURE_NO_EVENTS: reason = SCAN_REASON_NOT_OBJECT; break;
        case SCAN_FAILURE_NOT_UTF8: reason = SCAN_REASON_NOT_UTF8; break;
        case SCAN_FAILURE_TOO_DEEP: reason = SCAN_REASON_TOO_DEEP; break;
        case SCAN_FAILURE_TRUNCATED:
        case SCAN_FAILURE_NOT_JSON: reason = SCAN_REASON_NOT_JSON; break;
        default: return failed;
        }
        if (reason != SCAN_REASON_NONE) {
            // The line may have got its record before it turned out to be bad.
            events.resize(events_before);
            if (add_event()) { return decided; }
            refuse(events.back().refusal, reason, SCAN_FIELD_NONE);
        }
        line = line_end + 1;
    }
    return events.empty() ? SCAN_FAILURE_EMPTY : SCAN_FAILURE_NONE;
}

void scanner::load(const uint8_t *body, size_t count) {
    size_t needed = 2 * (count + simdjson::SIMDJSON_PADDING);
    if (needed > capacity) {
        block.reset();
        capacity = 0;
        block.reset(new char[needed]);
        capacity = needed;
    }
    if (count > 0) { std::memcpy(block.get(), body, count); }
    std::memset(block.get() + count, 0, simdjson::SIMDJSON_PADDING);
    body_end = block.get() + count;
    unescaped_end = reinterpret_cast<uint8_t *>(block.get() + count + simdjson::SIMDJSON_PADDING);
    next_escape = nullptr;
}

scan_failure scanner::scan(const uint8_t *body, size_t count, scan_form form, size_t limit, scan_result &result) {
    events.clear();
    keys.clear();
    decided = SCAN_FAILURE_NONE;
    event_limit = limit;
    event_in_reading = unknown;
    if (count == 0) { return SCAN_FAILURE_EMPTY; }
    if (count > body_limit) { return SCAN_FAILURE_TOO_LARGE; }
    load(body, count);
    scan_failure failed;
    if (form == SCAN_FORM_NDJSON) {
        failed = read_lines(count);
    } else {
        failed = failure(read_document(block.get(), count, form));
        const char *place = nullptr;
        if (failed != SCAN_FAILURE_NONE && is_indexed && !current.current_location().get(place)) {
            result.offset = place - block.get();
        }
        result.index = event_in_reading;
    }
    if (failed != SCAN_FAILURE_NONE) { return failed; }
    result.base = reinterpret_cast<const uint8_t *>(block.get());
    result.events = events.data();
    result.keys = keys.data();
    result.count = events.size();
    return SCAN_FAILURE_NONE;
}

void scanner::trim() {
    if (capacity <= 2 * (SCAN_KEPT_BYTES + simdjson::SIMDJSON_PADDING)) { return; }
    block.reset();
    capacity = 0;
    current = document();
    parser = simdjson::ondemand::parser();
    events = {};
    keys = {};
}

// MARK: The C face

scanner *scan_create(void) { return new (std::nothrow) scanner(); }

void scan_destroy(scanner *scanner) { delete scanner; }

void scan_trim(scanner *scanner) { scanner->trim(); }

scan_failure scan_events(
    scanner *scanner, const uint8_t *body, size_t count, scan_form form, size_t limit, scan_result *result) {
    *result = {nullptr, nullptr, nullptr, 0, unknown, unknown};
    try {
        return scanner->scan(body, count, form, limit, *result);
    } catch (...) {
        // Only allocation throws here.
        return SCAN_FAILURE_OUT_OF_MEMORY;
    }
}
