// What all rehearsals share: the demands that clients make of an answer. The bytes of the requests are each
// client's own.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include <boost/json.hpp>

#include "support/raw_connection.h"

namespace adit::test {

/// Says `request` on the connection and reads the answer. The connection stays usable exactly if the answer
/// is as long as it says, so a client that keeps its connection is a test of every answer before.
HttpResponse say(RawConnection& connection, const std::string& request);
/// The same on a connection of its own, which is then dropped, as scripts do.
HttpResponse say_once(const std::string& address, const std::string& request);

/// The object in an answer of exactly 200 with `Content-Type: application/json`; throws std::runtime_error on
/// any other answer.
boost::json::object object_of(const HttpResponse& response);
boost::json::array array_of(const HttpResponse& response);
/// A member that is a string; throws std::runtime_error if it is none.
std::string text_of(const boost::json::object& object, std::string_view name);

/// Expects exactly 200 and no byte of a body: no type, a length of 0, nothing sent in chunks.
void expect_bare_200(const HttpResponse& response);
/// Expects of a DataPushJob what a client with closed enums and typed fields can read: no word beyond the
/// contract's, ids and names as strings, lists as lists, moments as integers.
void expect_readable_job(const boost::json::object& job);

/// Asks for a job until it is DONE or ERROR, as known clients do, or CANCELED; each answer must be readable.
/// Throws std::runtime_error after 60 s, and at once for a job that was not executed.
boost::json::object poll(const std::function<HttpResponse()>& ask);

}  // namespace adit::test
