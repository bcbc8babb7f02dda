// What one token of JSON may be: RFC 8259's scalars, and the names of the fields that the scanner knows.
// A part of scan.cpp, which alone includes it.

#pragma once

#include "scan.h"

#include <string_view>

#include <simdjson.h>

namespace {

bool is_space(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// The bytes of a scalar, quotes included, or the opening brace or bracket of a container.
struct token {
    const char *begin;
    const char *end;
    // simdjson passes over a string before a colon as the name of a field, even where a value should stand: it would
    // then also pass over whatever comes next.
    bool is_before_colon = false;

    explicit token(simdjson::ondemand::value &from) {
        std::string_view raw = from.raw_json_token();
        begin = raw.data();
        end = begin + raw.size();
        is_before_colon = *end == ':';
        while (end - begin > 1 && is_space(end[-1])) { --end; }
    }

    token(const char *begin, const char *end) : begin(begin), end(end) {}

    char kind() const { return *begin; }
    bool is(std::string_view text) const { return std::string_view(begin, size_t(end - begin)) == text; }
    bool is_null() const { return is("null"); }
};

enum class number { malformed, integer, other };

// RFC 8259's grammar. simdjson's own number readers also refuse what only does not fit a double.
number classify(token t) {
    const char *at = t.begin;
    auto digits = [&] {
        const char *from = at;
        while (at < t.end && is_digit(*at)) { ++at; }
        return at > from;
    };
    if (at < t.end && *at == '-') { ++at; }
    if (at < t.end && *at == '0') {
        ++at;
    } else if (!digits()) {
        return number::malformed;
    }
    if (at == t.end) { return number::integer; }
    if (*at == '.') {
        ++at;
        if (!digits()) { return number::malformed; }
    }
    if (at < t.end && (*at == 'e' || *at == 'E')) {
        ++at;
        if (at < t.end && (*at == '+' || *at == '-')) { ++at; }
        if (!digits()) { return number::malformed; }
    }
    return at == t.end ? number::other : number::malformed;
}

simdjson::error_code check_scalar(token t) {
    if (t.is_null() || t.is("true") || t.is("false") || classify(t) != number::malformed) { return simdjson::SUCCESS; }
    return simdjson::TAPE_ERROR;
}

// The field of an event or of a track body that goes by this name.
scan_field field_named(std::string_view name) {
    auto is = [&](std::string_view known, scan_field field) { return name == known ? field : SCAN_FIELD_NONE; };
    switch (name.size()) {
    case 4:
        switch (name[0]) {
        case 't': return is("type", SCAN_FIELD_TYPE);
        case 'b': return is("body", SCAN_FIELD_BODY);
        default: return is("user", SCAN_FIELD_USER);
        }
    case 5: return is("event", SCAN_FIELD_EVENT);
    case 6: return is("traits", SCAN_FIELD_TRAITS);
    case 7:
        switch (name[0]) {
        case 'a': return is("api_key", SCAN_FIELD_API_KEY);
        case 's': return is("sent_at", SCAN_FIELD_SENT_AT);
        default: return is("company", SCAN_FIELD_COMPANY);
        }
    case 8:
        switch (name[0]) {
        case 'q': return is("quantity", SCAN_FIELD_QUANTITY);
        case 'l': return is("lease_id", SCAN_FIELD_LEASE_ID);
        default: return is("backfill", SCAN_FIELD_BACKFILL);
        }
    case 10: return is("event_type", SCAN_FIELD_TYPE);
    case 14: return is("reservation_id", SCAN_FIELD_RESERVATION_ID);
    case 15:
        switch (name[0]) {
        case 'i': return is("idempotency_key", SCAN_FIELD_IDEMPOTENCY_KEY);
        default: return is("tracker_user_id", SCAN_FIELD_TRACKER_USER_ID);
        }
    case 16: return is("tracker_event_id", SCAN_FIELD_TRACKER_EVENT_ID);
    case 20: return is("trusted_client_clock", SCAN_FIELD_TRUSTED_CLIENT_CLOCK);
    default: return SCAN_FIELD_NONE;
    }
}

} // namespace
