// `adit pool`, `table`, `job`, `key`, `query` against a real server.
#include "support/command_line.h"
#include "support/server_test.h"

namespace adit::test {
namespace {

namespace json = boost::json;

class CliCommands : public ServerTest {
 protected:
  /// Calls with --pool and demands exit code 0; what it printed.
  std::string output(std::vector<std::string> words) {
    words.insert(words.end(), {"--pool", pool().pool()});
    const auto end = call(server(), words);
    EXPECT_EQ(end.status, ExitStatus::exited(0)) << end.err;
    return end.out;
  }
  /// A job that has ended in ERROR.
  std::string error_job() {
    const auto job = pool().push(csv_job("REPLACE", "bad"), {"id,name\n1\n"});
    EXPECT_EQ(job.at("status"), "ERROR");
    return std::string(job.at("id").as_string());
  }
};

TEST_F(CliCommands, PoolsAreMadeWithAnIdAndShown) {
  const std::string id = "7d9c6a52-6d0c-4d0e-9a53-1f1f6b1f3a10";
  EXPECT_EQ(call(server(), {"pool", "create", "Named", "--id", id, "--description", "for a test"}).out,
            id + "\n");
  const auto again = call(server(), {"pool", "create", "Other", "--id", id});
  EXPECT_EQ(again.status, ExitStatus::exited(1));
  EXPECT_NE(again.err.find("already"), std::string::npos) << again.err;
  const auto shown = json::parse(call(server(), {"pool", "show", "Named", "--json"}).out);
  EXPECT_EQ(field(shown, "id"), json::string(id));
  EXPECT_EQ(field(shown, "description"), "for a test");
  EXPECT_NE(call(server(), {"pool", "list"}).out.find(id), std::string::npos);
  const auto missing = call(server(), {"pool", "show", "Nowhere"});
  EXPECT_EQ(missing.status, ExitStatus::exited(1));
  EXPECT_NE(missing.err.find("There is no pool named `Nowhere`. There is: "), std::string::npos)
      << missing.err;
}

TEST_F(CliCommands, ANameThatSeveralPoolsHaveIsNotGuessed) {
  const auto first = call(server(), {"pool", "create", "Twice"}).out;
  const auto second = call(server(), {"pool", "create", "Twice"}).out;
  const auto guessed = call(server(), {"pool", "delete", "Twice", "--yes"});
  EXPECT_EQ(guessed.status, ExitStatus::exited(1));
  EXPECT_NE(guessed.err.find("Several pools are named `Twice`"), std::string::npos) << guessed.err;
  for (const auto& id : {first, second}) {
    EXPECT_NE(guessed.err.find(id.substr(0, id.size() - 1)), std::string::npos) << guessed.err;
    EXPECT_EQ(call(server(), {"pool", "show", id.substr(0, id.size() - 1)}).status, ExitStatus::exited(0));
  }
}

TEST_F(CliCommands, AQuotaIsSetShownAndTakenAway) {
  const auto disk = [&](const std::string& words) { return field(json::parse(words), "maxBytes"); };
  EXPECT_EQ(disk(call(server(), {"pool", "quota", pool().pool(), "--max", "50GB", "--json"}).out),
            50'000'000'000);
  EXPECT_NE(call(server(), {"pool", "quota", pool().pool()}).out.find("quota   50.0 GB\n"),
            std::string::npos);
  const auto shown = json::parse(call(server(), {"pool", "show", pool().pool(), "--json"}).out);
  EXPECT_EQ(field(shown, "disk.maxBytes"), 50'000'000'000);
  EXPECT_EQ(field(shown, "disk.quota"), "OWN");
  EXPECT_NE(call(server(), {"pool", "show", pool().pool()}).out.find(" of 50.0 GB\n"), std::string::npos);
  EXPECT_NE(call(server(), {"pool", "list"}).out.find(" of 50.0 GB"), std::string::npos);
  for (const std::string word : {"none", "default"}) {
    EXPECT_TRUE(
        disk(call(server(), {"pool", "quota", pool().pool(), "--max", word, "--json"}).out).is_null());
  }
  const auto wrong = call(server(), {"pool", "quota", pool().pool(), "--max", "much"});
  EXPECT_EQ(wrong.status, ExitStatus::exited(2));
  EXPECT_NE(wrong.err.find("is not a size"), std::string::npos) << wrong.err;
  ASSERT_EQ(call(server(), {"pool", "quota", pool().pool(), "--max", "10B"}).status, ExitStatus::exited(0));
  const auto refused = pool().try_create(csv_job("DELTA", "t"));
  EXPECT_EQ(refused.status, 507);
  const auto mend = refused.body.find("adit pool quota " + pool().pool() + " --max");
  EXPECT_NE(mend, std::string::npos) << "the command of the answer is the one above: " << refused.body;
}

TEST_F(CliCommands, TablesAndTheirColumnsAreShown) {
  pool().push_done(csv_job("REPLACE", "orders"), {"id,day,text\n1,2024-01-01,x\n"});
  EXPECT_NE(output({"table", "list"}).find("orders"), std::string::npos);
  const auto columns =
      field(json::parse(output({"table", "show", "orders", "--json"})), "columns").as_array();
  EXPECT_EQ(field(columns.at(1), "name"), "day");
  EXPECT_EQ(field(columns.at(1), "type"), "DATE");
  EXPECT_NE(output({"table", "show", "orders"}).find("VARCHAR"), std::string::npos);
  const auto missing = call(server(), {"table", "show", "nothing", "--pool", pool().pool()});
  EXPECT_EQ(missing.status, ExitStatus::exited(1));
  EXPECT_NE(missing.err.find("There is: orders."), std::string::npos) << missing.err;
}

TEST_F(CliCommands, TheHistoryShowsWhatHappenedEvenToDeletedJobs) {
  pool().push_done(csv_job("REPLACE", "good"), {"id\n1\n2\n"});
  const auto bad = error_job();
  ASSERT_EQ(pool().try_delete(bad).status, 204);
  output({"table", "truncate", "good", "--yes"});
  const auto all = json::parse(output({"job", "history", "--json"})).as_array();
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(field(all[0], "kind"), "TRUNCATE");
  EXPECT_EQ(field(all[0], "adit.rowsLanded"), 2);
  EXPECT_EQ(json::parse(output({"job", "history", "--limit", "2", "--json"})).as_array().size(), 2U);
  const auto deleted = output({"job", "history", "--deleted", "yes"});
  EXPECT_NE(deleted.find(bad), std::string::npos) << deleted;
  EXPECT_EQ(deleted.find("TRUNCATE"), std::string::npos) << deleted;
  const auto shown = output({"job", "history", bad});
  for (const auto* part :
       {"what         REPLACE", "created by   Administrator", "deleted  ", "FAILED", "chunk 1: Line 2"})
    EXPECT_NE(shown.find(part), std::string::npos) << part << " in " << shown;
  const auto wrong = call(server(), {"job", "history", "--kind", "x", "--pool", pool().pool()});
  EXPECT_EQ(wrong.status, ExitStatus::exited(1));
  EXPECT_NE(wrong.err.find("TABLE_CHANGE"), std::string::npos) << wrong.err;
}

TEST_F(CliCommands, TablesOfADataConnectionAreNamedWithIt) {
  const auto made = pool().http().post_json("/integration/api/pools/" + pool().pool() + "/data-sources",
                                            {{"name", "ERP & co"}});
  ASSERT_EQ(made.status, 200) << made.body;
  const auto id = std::string(field(made.json(), "id").as_string());
  pool().push_done(csv_job("REPLACE", "t"), {"global\n1\n"});
  pool().push_done(csv_job("REPLACE", "t", {{"connectionId", id}}), {"own\n1\n2\n3\n"});
  pool().push_done(csv_job("REPLACE", "u", {{"connectionId", id}}), {"own\n1\n"});
  EXPECT_EQ(json::parse(output({"table", "list", "--json"})).as_array().size(), 3U);
  EXPECT_NE(output({"table", "list"}).find("ERP & co"), std::string::npos);
  EXPECT_EQ(json::parse(output({"table", "list", "--connection", id, "--json"})).as_array().size(), 2U);
  EXPECT_NE(output({"table", "show", "t"}).find("global"), std::string::npos);
  EXPECT_NE(output({"table", "show", "t", "--connection", "erp & CO"}).find("own"), std::string::npos);
  EXPECT_TRUE(output({"table", "export", "t", "--connection", "ERP & co"}).starts_with("own,"));
  output({"table", "delete-rows", "t", "--connection", id, "--where", "own = 2", "--yes"});
  output({"table", "truncate", "u", "--connection", id, "--yes"});
  EXPECT_EQ(pool().value("SELECT count(*) FROM \"ERP & co\".t"), "2");
  output({"table", "drop", "t", "--connection", id, "--yes"});
  EXPECT_EQ(pool().value("SELECT count(*) FROM t"), "1");
  const auto missing = call(server(), {"table", "show", "t", "--connection", "CRM", "--pool", pool().pool()});
  EXPECT_EQ(missing.status, ExitStatus::exited(1));
  EXPECT_NE(missing.err.find("There is: ERP & co."), std::string::npos) << missing.err;
}

TEST_F(CliCommands, JobsAreListedByStatusAndTableAndShownWithWhatIsWrong) {
  pool().push_done(csv_job("REPLACE", "good"), {"id\n1\n"});
  const auto bad = error_job();
  EXPECT_EQ(json::parse(output({"job", "list", "--json"})).as_array().size(), 2U);
  const auto failed = json::parse(output({"job", "list", "--status", "ERROR", "--json"})).as_array();
  ASSERT_EQ(failed.size(), 1U);
  EXPECT_EQ(field(failed[0], "id"), json::string(bad));
  EXPECT_EQ(json::parse(output({"job", "list", "--table", "good", "--json"})).as_array().size(), 1U);
  EXPECT_EQ(json::parse(output({"job", "list", "--limit", "1", "--json"})).as_array().size(), 1U);
  const auto text = output({"job", "show", bad});
  for (const auto* part : {"status    ERROR", "FAILED", "chunk 1: Line 2"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << " in " << text;
  }
  const auto shown = json::parse(output({"job", "show", bad, "--json"}));
  EXPECT_EQ(field(field(shown, "chunkList").as_array().at(0), "state"), "FAILED");
}

TEST_F(CliCommands, AJobIsCanceledDeletedAndWatchedToItsEnd) {
  const auto job = pool().create_job(csv_job("REPLACE", "t"));
  pool().upload(job, "id\n1\n");
  CommandLine watching(
      {.arguments = {"job", "watch", job, "--pool", pool().pool(), "--data", server().data().string()}});
  watching.wait_for("job is NEW");
  EXPECT_NE(output({"job", "cancel", job}).find("is CANCELED"), std::string::npos);
  EXPECT_EQ(watching.wait().status, ExitStatus::exited(5));
  const auto again = call(server(), {"job", "cancel", job, "--pool", pool().pool()});
  EXPECT_EQ(again.status, ExitStatus::exited(1)) << again.out;
  output({"job", "delete", job});
  EXPECT_EQ(json::parse(output({"job", "list", "--json"})).as_array().size(), 0U);
  const auto watched = call(server(), {"job", "watch", error_job(), "--pool", pool().pool(), "--quiet"});
  EXPECT_EQ(watched.status, ExitStatus::exited(4));
}

TEST_F(CliCommands, WatchingEndsWithAnInterruptAndTheJobGoesOn) {
  const auto job = pool().create_job(csv_job("REPLACE", "t"));
  CommandLine watching(
      {.arguments = {"job", "watch", job, "--pool", pool().pool(), "--data", server().data().string()}});
  watching.wait_for("job is NEW");
  watching.signal(SIGINT);
  EXPECT_EQ(watching.wait().status, ExitStatus::exited(130));
  EXPECT_EQ(pool().status(job), "NEW");
}

TEST_F(CliCommands, AKeyThatAClientHasIsImportedAndWorks) {
  const auto key_of = [](const std::string& id) { return base64(id + ":" + std::string(43, 'K') + "="); };
  const std::string id = "1d9c6a52-6d0c-4d0e-9a53-1f1f6b1f3a10";
  const auto imported = call(server(), {"key", "import", "moved", "--application"}, key_of(id) + "\n");
  EXPECT_EQ(imported.status, ExitStatus::exited(0)) << imported.err;
  EXPECT_EQ(imported.out, id + "\n") << "the key itself is not printed";
  const auto pools = CommandLine({.arguments = {"pool", "list", "--url", "http://" + server().address()},
                                  .environment = {{"ADIT_KEY", key_of(id)}}})
                         .wait();
  EXPECT_EQ(pools.status, ExitStatus::exited(0)) << pools.err;
  EXPECT_NE(call(server(), {"key", "list"}).out.find("moved"), std::string::npos);
  const auto again = call(server(), {"key", "import", "moved"}, key_of(id));
  EXPECT_EQ(again.status, ExitStatus::exited(1));
  EXPECT_NE(again.err.find("already"), std::string::npos) << again.err;
  const auto wrong = call(server(), {"key", "import", "wrong"}, "secret-word");
  EXPECT_EQ(wrong.status, ExitStatus::exited(1));
  EXPECT_NE(wrong.err.find("44 base64 characters"), std::string::npos) << wrong.err;
  EXPECT_EQ(wrong.err.find("secret-word"), std::string::npos) << "a key does not show, not even a wrong one";
  EXPECT_EQ(server().log().find("KKKK"), std::string::npos) << "nor in the log";
}

TEST(CliOffline, AKeyIsImportedWhileTheServerIsStopped) {
  Server server;
  server.start();
  server.terminate();
  const auto key = base64("2d9c6a52-6d0c-4d0e-9a53-1f1f6b1f3a10:" + std::string(43, 'K') + "=");
  const auto imported = call(server, {"key", "import", "moved"}, key);
  EXPECT_EQ(imported.status, ExitStatus::exited(0)) << imported.err;
  server.start();
  EXPECT_EQ(Http(server.address(), key).get("/integration/api/pools").status, 200);
  EXPECT_EQ(server.terminate(), ExitStatus::exited(0));
}

TEST_F(CliCommands, TheAuditLogIsListedAndExported) {
  const auto made = call(server(), {"pool", "create", "For the log"}).out;
  const auto id = made.substr(0, made.find('\n'));
  const auto listed = call(server(), {"audit", "list", "--operation", "createPool", "--object", id});
  EXPECT_EQ(listed.status, ExitStatus::exited(0)) << listed.err;
  EXPECT_NE(listed.out.find("OPERATION"), std::string::npos);
  EXPECT_NE(listed.out.find("Administrator"), std::string::npos) << listed.out;
  EXPECT_NE(listed.out.find(id), std::string::npos) << listed.out;
  const auto page = json::parse(call(server(), {"audit", "list", "--object", id, "--json"}).out);
  EXPECT_EQ(field(page.at("entries").at(0), "operation"), "createPool");
  const auto csv = call(server(), {"audit", "export", "--object", id}).out;
  EXPECT_TRUE(csv.starts_with("number,at,")) << csv;
  EXPECT_NE(csv.find(",createPool,,"), std::string::npos) << csv;
  const auto lines = call(server(), {"audit", "export", "--object", id, "--format", "jsonl"}).out;
  EXPECT_EQ(field(json::parse(lines.substr(0, lines.find('\n'))), "object"), json::string(id));
  const auto wrong = call(server(), {"audit", "list", "--outcome", "GOOD"});
  EXPECT_EQ(wrong.status, ExitStatus::exited(1));
  EXPECT_NE(wrong.err.find("SUCCESS, REFUSED or FAILED"), std::string::npos) << wrong.err;
}

}  // namespace
}  // namespace adit::test
