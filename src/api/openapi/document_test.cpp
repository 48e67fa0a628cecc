// How routes and descriptions become one document, and that neither can be forgotten.
#include "api/openapi/document.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <string>
#include <vector>

namespace adit {
namespace {

namespace json = boost::json;
using http::BodyKind;
using http::Method;

constexpr std::string_view kCommon = R"({
  "info": {"title": "t"}, "tags": [],
  "parameters": {"id": {"name": "id", "in": "path"}, "Content-Encoding": {}, "Content-Digest": {},
                 "Repr-Digest": {}, "Content-MD5": {}},
  "headers": {"X-Request-Id": {}},
  "responses": {"BadRequest": {}, "ContentTooLarge": {}, "InternalError": {}, "Unavailable": {}, "StorageFull": {}, "Unauthorized": {},
                "TooManyRequests": {}, "Forbidden": {}, "NotFound": {}, "UnsupportedMediaType": {}},
  "operations": {"getThing": {"tags": ["Things"], "summary": "Get", "responses": {"200": {"description": "it"}}}}})";

const Line kGetThing{"getThing", Method::kGet, "/one/things/{id}", Needs::kViewPool};

Result<json::object> document(const std::vector<Line>& lines, std::vector<std::string> more = {}) {
  std::vector<DescriptionFile> files{{"common.json", kCommon}};
  for (const auto& text : more) files.push_back({"more.json", text});
  return openapi_document(lines, files);
}

std::string failure(const Result<json::object>& result) {
  return result ? "none" : result.error().internal_detail;
}

const json::object& operation(const json::object& document, std::string_view path, std::string_view method) {
  return document.at("paths").at(path).at(method).as_object();
}

TEST(OpenApiDocument, ADescriptionIsCompletedByWhatTheLineSays) {
  const auto made = document({kGetThing});
  ASSERT_TRUE(made) << failure(made);
  const auto& get = operation(*made, "/one/things/{id}", "get");
  EXPECT_EQ(get.at("operationId"), "getThing");
  EXPECT_EQ(get.at("parameters"), (json::array{json::object{{"$ref", "#/components/parameters/id"}}}));
  std::string security;
  for (const auto& alternative : get.at("security").as_array()) security += json::serialize(alternative);
  EXPECT_EQ(
      security,
      R"({"userKey":["integration.data-pools"]}{"userKey":["integration.data-pools:read"]})"
      R"({"userKey":["integration.data-pools:query"]}{"applicationKey":["integration.data-pools"]})"
      R"({"applicationKey":["integration.data-pools:read"]}{"applicationKey":["integration.data-pools:query"]})"
      R"({"oauth":["integration.data-pools"]}{"oauth":["integration.data-pools:read"]})"
      R"({"oauth":["integration.data-pools:query"]})");
  EXPECT_EQ(get.at("description"),
            "Needs one of `VIEW_DATA_POOL`, `EDIT_DATA_POOL`, `MANAGE_DATA_POOL` on the data pool, or "
            "`VIEW_ALL_DATA_POOLS`, `EDIT_ALL_DATA_POOLS`, `MANAGE_ALL_DATA_POOLS` in the team, or an "
            "administrator. A key that is restricted to scopes must have one of `integration.data-pools`, "
            "`integration.data-pools:read`, `integration.data-pools:query`.");
  std::string statuses;
  for (const auto& [status, response] : get.at("responses").as_object())
    statuses += std::string(status) + " ";
  EXPECT_EQ(statuses, "200 400 401 403 404 413 429 500 503 507 ");
  EXPECT_TRUE(get.at("responses").at("200").at("headers").as_object().contains("X-Request-Id"));
}

TEST(OpenApiDocument, AnOpenRouteAsksForNothingAndABodyHasItsHeaders) {
  const auto made = document({{"getThing", Method::kPost, "/things", Needs::kNothing, BodyKind::kBuffer}});
  ASSERT_TRUE(made) << failure(made);
  const auto& post = operation(*made, "/things", "post");
  EXPECT_EQ(post.at("security"), json::array());
  EXPECT_EQ(post.at("parameters").as_array().size(), 4U);
  EXPECT_FALSE(post.at("responses").as_object().contains("401"));
  EXPECT_TRUE(post.at("responses").as_object().contains("415"));
}

TEST(OpenApiDocument, SecurityFollowsFromTheRuleOfTheNeed) {
  const auto of = [](Needs needs) {
    auto line = kGetThing;
    line.needs = needs;
    const auto made = document({line});
    const auto& get = operation(*made, line.pattern, "get");
    const auto* text = get.if_contains("description");
    return json::serialize(get.at("security")) + (text != nullptr ? text->as_string().c_str() : "");
  };
  EXPECT_EQ(of(Needs::kCredentials), R"([{"userKey":[]},{"applicationKey":[]},{"oauth":[]}])");
  EXPECT_EQ(
      of(Needs::kOwnAccount),
      R"([{"userKey":[]}])"
      "For users, not for applications. A key that is restricted to scopes is refused, and so is one that "
      "is restricted to data pools.");
  EXPECT_EQ(of(Needs::kAdministerTeam),
            R"([{"userKey":[]}])"
            "Needs an administrator. A key that is restricted to scopes is refused, and so is one that is "
            "restricted to data pools.");
  EXPECT_EQ(
      of(Needs::kViewAuditLog),
      R"([{"userKey":["audit.log:read"]},{"applicationKey":["audit.log:read"]},{"oauth":["audit.log:read"]}])"
      "Needs one of `VIEW_AUDIT_LOG` in the team, or an administrator. A key that is restricted to scopes "
      "must have one of `audit.log:read`; one that is restricted to data pools is refused.");
}

TEST(OpenApiDocument, FurtherPathsOfAnOperationAreAliasesWithIdsOfTheirOwn) {
  auto alias = kGetThing;
  alias.pattern = "/two-and-more/things/{id}";
  const auto made = document({kGetThing, alias});
  ASSERT_TRUE(made) << failure(made);
  const auto& second = operation(*made, "/two-and-more/things/{id}", "get");
  EXPECT_EQ(second.at("operationId"), "getThing_two_and_more");
  EXPECT_EQ(second.at("tags"), json::array{"Aliases"});
  EXPECT_EQ(second.at("x-adit-alias-of"), "getThing");
  EXPECT_EQ(second.at("responses"), operation(*made, "/one/things/{id}", "get").at("responses"));
}

TEST(OpenApiDocument, ARouteWithoutADescriptionIsNamed) {
  const auto made = document({kGetThing, {"putThing", Method::kPut, "/one/things/{id}", Needs::kNothing}});
  EXPECT_NE(failure(made).find("PUT /one/things/{id}: the operation putThing has no description"),
            std::string::npos)
      << failure(made);
}

TEST(OpenApiDocument, ADescriptionWithoutARouteIsNamed) {
  const auto made = document({kGetThing}, {R"({"operations": {"putThing": {}}})"});
  EXPECT_NE(failure(made).find("operation putThing: is described, but no route has it"), std::string::npos)
      << failure(made);
}

TEST(OpenApiDocument, AReferenceThatLeadsNowhereIsNamed) {
  for (const std::string target : {"#/components/schemas/Gone", "#/components/gone/id", "#/paths", "Thing"}) {
    const auto made =
        document({kGetThing}, {R"({"schemas": {"Thing": {"items": {"$ref": ")" + target + R"("}}}})"});
    EXPECT_NE(failure(made).find("nothing stands at " + target), std::string::npos) << failure(made);
  }
}

TEST(OpenApiDocument, ANameInTwoFilesIsRefusedAndSoIsWhatIsNoJson) {
  EXPECT_NE(failure(document({kGetThing}, {R"({"headers": {"X-Request-Id": {}}})"}))
                .find("X-Request-Id is there twice"),
            std::string::npos);
  EXPECT_NE(failure(document({kGetThing}, {"{"})).find("more.json: is no JSON object"), std::string::npos);
}

TEST(OpenApiDocument, TwoAliasesOfOnePrefixAreRefused) {
  auto alias = kGetThing;
  alias.pattern = "/two/things/{id}";
  auto another = kGetThing;
  another.pattern = "/two/more/{id}";
  EXPECT_NE(failure(document({kGetThing, alias, another})).find("operationId getThing_two is there twice"),
            std::string::npos);
}

}  // namespace
}  // namespace adit
