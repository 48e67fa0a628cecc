// The getting-started guide, step by step, as somebody follows it who types into a REST client.
#include "rehearsals/rehearsal.h"
#include "support/callers.h"
#include "support/server_test.h"

namespace adit::test {
namespace {

namespace json = boost::json;

class Guide : public ServerTest {
 protected:
  void SetUp() override {
    ServerTest::SetUp();
    // The key that the reader has already, made known to this server once.
    key_ = base64("5b2e1f0a-7c3d-4e8f-9a6b-0c1d2e3f4a5" + std::to_string(counter_++) + ":" +
                  base64(std::string(32, 'k')));
    const auto known = pool().http().post_json("/adit/api/v1/keys",
                                               {{"name", "guide"}, {"kind", "APPLICATION"}, {"key", key_}});
    ASSERT_EQ(known.status, 200) << known.body;
    let_application_work(pool().http(), known.json());
    jobs_ = "/data-ingestion/api/v1/data-push/" + pool().pool() + "/jobs/";
  }

  HttpResponse ask(const std::string& method, const std::string& target, const std::string& type = "",
                   const std::string& body = "") {
    auto head = method + " " + target + " HTTP/1.1\r\n";
    if (!type.empty()) head += "Content-Type: " + type + "\r\n";
    head += "Authorization: AppKey " + key_ +
            "\r\nUser-Agent: PostmanRuntime/7.36.0\r\nAccept: */*\r\nCache-Control: no-cache\r\n"
            "Postman-Token: 0f3a6c1e-2b7d-4a55-8f0e-9d2c4b6a8e10\r\nHost: dev.us-2.example\r\n"
            "Accept-Encoding: gzip, deflate, br\r\nConnection: keep-alive\r\n";
    if (method == "POST") head += "Content-Length: " + std::to_string(body.size()) + "\r\n";
    return say_once(server().address(), head + "\r\n" + body);
  }
  HttpResponse create() {
    return ask("POST", jobs_, "application/json",
               "{\r\n    \"type\": \"DELTA\",\r\n    \"fileType\": \"CSV\",\r\n    \"targetTable\": "
               "\"ORDERS\",\r\n    \"dataPoolId\": \"" +
                   pool().pool() + "\"\r\n}");
  }
  HttpResponse add_file(const std::string& job, const std::string& name, const std::string& csv) {
    const std::string boundary = "--------------------------283190476025716437109235";
    return ask("POST", jobs_ + job + "/chunks/upserted", "multipart/form-data; boundary=" + boundary,
               "--" + boundary + "\r\nContent-Disposition: form-data; name=\"file\"; filename=\"" + name +
                   "\"\r\nContent-Type: text/csv\r\n\r\n" + csv + "\r\n--" + boundary + "--\r\n");
  }

  static inline int counter_ = 0;
  std::string key_;
  std::string jobs_;
};

TEST_F(Guide, IsFollowedFromTheBaseUrlToTheRowsInTheTable) {
  // "The base URL for the API is": what is typed first, with the header set.
  EXPECT_FALSE(text_of(object_of(ask("GET", "/data-ingestion/api")), "version").empty());

  // "Creating a new Data Push Job": the four mandatory fields, the table by the guide's name for it.
  const auto created = object_of(create());
  expect_readable_job(created);
  EXPECT_EQ(text_of(created, "targetName"), "ORDERS");
  EXPECT_EQ(text_of(created, "dataPoolId"), pool().pool());
  EXPECT_EQ(text_of(created, "status"), "NEW");
  const auto id = text_of(created, "id");

  // "Upserting chunks": several files into one job.
  expect_bare_200(add_file(id, "orders-1.csv", "ID,NAME\n1,one\n"));
  expect_bare_200(add_file(id, "orders-2.csv", "ID,NAME\n2,two\n"));

  // "Executing": nothing but the POST.
  expect_bare_200(ask("POST", jobs_ + id));

  // "Check the status by calling the list Data Push Jobs endpoint."
  poll([&] {
    auto list = ask("GET", jobs_);
    const auto jobs = array_of(list);
    EXPECT_EQ(jobs.size(), 1U);
    list.body = json::serialize(jobs.at(0));
    return list;
  });

  // "Getting a Data Push job", and the records are in the table.
  const auto got = object_of(ask("GET", jobs_ + id));
  EXPECT_EQ(text_of(got, "status"), "DONE") << json::serialize(got);
  EXPECT_EQ(pool().rows("SELECT ID, NAME FROM ORDERS ORDER BY ID"), (Rows{{"1", "one"}, {"2", "two"}}));
}

TEST_F(Guide, CancelsAJobThatHasNotEndedAndNoOther) {
  const auto id = text_of(object_of(create()), "id");
  expect_bare_200(add_file(id, "orders.csv", "ID,NAME\n1,one\n"));
  // The guide calls it a POST and a GET in one sentence: the GET is told which it is.
  const auto get = ask("GET", jobs_ + id + "/cancel");
  EXPECT_EQ(get.status, 405);
  EXPECT_NE(get.header("allow").value_or("").find("POST"), std::string::npos);
  EXPECT_EQ(text_of(object_of(ask("GET", jobs_ + id)), "status"), "NEW");
  EXPECT_EQ(text_of(object_of(ask("POST", jobs_ + id + "/cancel")), "status"), "CANCELED");
  EXPECT_EQ(ask("POST", jobs_ + id + "/cancel").status, 409);
  EXPECT_EQ(ask("POST", jobs_ + id).status, 409);
  EXPECT_TRUE(pool().tables().empty());
}

TEST_F(Guide, AForgottenFieldIsNamed) {
  const auto refused =
      ask("POST", jobs_, "application/json", R"({"fileType":"CSV","dataPoolId":")" + pool().pool() + "\"}");
  expect_field_error(refused, "type");
  expect_field_error(refused, "targetName");
}

TEST_F(Guide, AKeyWithTheWrongWordBeforeItIs401) {
  const auto refused = say_once(
      server().address(),
      "GET " + jobs_ + " HTTP/1.1\r\nHost: dev.us-2.example\r\nAuthorization: Bearer " + key_ + "\r\n\r\n");
  EXPECT_EQ(refused.status, 401);
  EXPECT_EQ(field(refused.json(), "error"), "Unauthorized");
}

}  // namespace
}  // namespace adit::test
