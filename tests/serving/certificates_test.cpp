// Certificates of the real binary: given, refused, read again on SIGHUP; the self-signed one.
#include <gtest/gtest.h>
#include <signal.h>

#include <cstdlib>
#include <fstream>

#include "support/push_client.h"
#include "support/server.h"

namespace adit::test {
namespace {

namespace fs = std::filesystem;

class Certificates : public ::testing::Test {
 protected:
  /// Runs openssl in the test's folder.
  void openssl(const std::string& arguments) const {
    const auto command = "cd '" + folder_.path().string() + "' && openssl " + arguments + " >log 2>&1";
    ASSERT_EQ(std::system(command.c_str()), 0) << arguments;
  }
  /// A certificate and its key for a name; of negative days it has expired.
  void make(const std::string& name, int days = 90) const {
    openssl("req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=" + name +
            " -addext subjectAltName=DNS:" + name + " -keyout key.pem -out request.pem");
    openssl("x509 -req -copy_extensions copy -in request.pem -signkey key.pem -days " + std::to_string(days) +
            " -out cert.pem");
    fs::permissions(key_, fs::perms::owner_read | fs::perms::owner_write);
  }
  std::vector<std::string> flags() const {
    return {"--tls-cert", certificate_.string(), "--tls-key", key_.string()};
  }
  /// The digest of the certificate that a new connection sees, in hexadecimal.
  static std::string shown(const Server& server) {
    return shown(RawConnection(server.tls_address(), Security::kTls));
  }
  static std::string shown(const RawConnection& connection) {
    std::string text;
    for (const unsigned char byte : connection.peer_certificate_digest()) {
      text += "0123456789abcdef"[byte >> 4];
      text += "0123456789abcdef"[byte & 15];
    }
    return text;
  }
  static void hang_up(const Server& server) { ::kill(server.pid(), SIGHUP); }
  static void wait_for_log(const Server& server, const std::string& part, std::size_t from) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{20};
    while (server.log(from).find(part) == std::string::npos) {
      ASSERT_LT(std::chrono::steady_clock::now(), deadline) << "nothing says: " << part << "\n"
                                                            << server.log(from);
    }
  }
  static double days_left(const Server& server) {
    const auto text = server.http().get("/metrics").body;
    const std::string name = "\nadit_tls_certificate_days ";
    const auto at = text.find(name);
    return at == std::string::npos ? -1 : std::stod(text.substr(at + name.size()));
  }
  /// Expects that the server does not start, and says why.
  void expect_refused(const std::string& why) const {
    Server server({.flags = flags()});
    try {
      server.start();
      ADD_FAILURE() << "it started, not: " << why;
    } catch (const StartFailure& failure) {
      EXPECT_NE(std::string(failure.what()).find(why), std::string::npos) << failure.what();
      EXPECT_NE(std::string(failure.what()).find(folder_.path().string()), std::string::npos)
          << "names no file";
    }
  }

  const TempFolder folder_;
  const fs::path certificate_ = folder_.path() / "cert.pem";
  const fs::path key_ = folder_.path() / "key.pem";
};

TEST_F(Certificates, AGivenOneIsShownAndItsDaysAreInTheMetrics) {
  make("a.example");
  Server server({.flags = flags()});
  server.start();
  EXPECT_NE(server.log().find("names=a.example"), std::string::npos) << server.log();
  EXPECT_NE(server.log().find("sha256=" + shown(server)), std::string::npos) << server.log();
  EXPECT_GT(days_left(server), 89);
  EXPECT_LE(days_left(server), 90);
  EXPECT_EQ(server.log().find("warning"), std::string::npos) << server.log();
  EXPECT_FALSE(fs::exists(server.data() / "tls" / "key.pem")) << "one was made that nobody needs";
}

TEST_F(Certificates, OneThatIsAboutToExpireAndAnOpenKeyAreWarnedOf) {
  make("a.example", 13);
  fs::permissions(key_, fs::perms::others_read, fs::perm_options::add);
  Server server({.flags = flags()});
  server.start();
  EXPECT_NE(server.log().find("\"certificate expires soon\""), std::string::npos) << server.log();
  EXPECT_NE(server.log().find("\"TLS key is open to others\""), std::string::npos) << server.log();
}

TEST_F(Certificates, OneThatCantBeUsedStopsTheStart) {
  expect_refused("file can't be read");
  make("a.example");
  openssl("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out key.pem");
  expect_refused("does not belong to the certificate");
  openssl(
      "req -x509 -newkey rsa:2048 -passout pass:secret -subj /CN=a.example -keyout key.pem -out cert.pem");
  expect_refused("it is encrypted");
  make("a.example", -1);
  expect_refused("has expired");
  openssl("req -x509 -newkey rsa:1024 -nodes -subj /CN=a.example -keyout key.pem -out cert.pem");
  expect_refused("key too small");
}

TEST_F(Certificates, OneFileWithoutTheOtherIsAUsageError) {
  const auto end = run_adit({"serve", "--data", (folder_.path() / "data").string(), "--tls-cert", "x.pem"});
  EXPECT_EQ(end.status, ExitStatus::exited(2));
  EXPECT_NE(end.output.find("--tls-key"), std::string::npos) << end.output;
}

TEST_F(Certificates, SighupTakesTheNewOneAndAnUploadUnderWayGoesOn) {
  make("a.example");
  Server server({.flags = flags()});
  server.start();
  const auto first = shown(server);
  Http http(server.tls_address(), server.admin_key(), Security::kTls);
  PoolClient client(http.another(), create_pool(http, "reload"));
  const auto job = client.create_job(csv_job("REPLACE", "t"));
  const std::string rows = "id\n1\n2\n3\n";
  RawConnection upload(server.tls_address(), Security::kTls);
  upload.send("POST " + client.chunks_path(job) + " HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer " +
              server.admin_key() + "\r\nContent-Type: application/octet-stream\r\nContent-Length: " +
              std::to_string(rows.size()) + "\r\n\r\n" + rows.substr(0, 4));
  make("b.example");
  const auto from = server.log_bytes();
  hang_up(server);
  wait_for_log(server, "names=b.example", from);
  EXPECT_NE(shown(server), first);
  EXPECT_EQ(shown(upload), first);
  upload.send(rows.substr(4));
  EXPECT_EQ(upload.read_response().status, 200);
  client.execute(job);
  client.wait(job);
  EXPECT_EQ(client.value("SELECT count(*) FROM t"), "3");
  EXPECT_EQ(server.terminate(), ExitStatus::exited(0));
}

TEST_F(Certificates, SighupWithABadOneLeavesTheOldOneInPlace) {
  make("a.example");
  Server server({.flags = flags()});
  server.start();
  const auto first = shown(server);
  for (const char* why : {"does not belong", "has expired", "can't be read"}) {
    if (std::string(why) == "does not belong") {
      openssl("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out key.pem");
    } else if (std::string(why) == "has expired") {
      make("late.example", -1);
    } else {
      fs::remove(certificate_);
    }
    const auto from = server.log_bytes();
    hang_up(server);
    wait_for_log(server, why, from);
    EXPECT_NE(server.log(from).find("\"certificate not taken; the old one stays\""), std::string::npos);
    EXPECT_EQ(shown(server), first) << why;
  }
  EXPECT_GT(days_left(server), 89) << "the metrics tell of the one in use";
}

TEST_F(Certificates, OtherNamesMakeTheSelfSignedOneAnewAndNoNamesLeaveIt) {
  const auto data = folder_.path() / "data";
  const auto started = [&](std::vector<std::string> flags) {
    Server server({.flags = std::move(flags), .data = data});
    server.start();
    return shown(server);
  };
  const auto first = started({});
  EXPECT_EQ(started({}), first);
  const auto second = started({"--tls-name", "a.example,10.0.0.5"});
  EXPECT_NE(second, first);
  EXPECT_EQ(started({"--tls-name", "10.0.0.5,a.example"}), second);
  EXPECT_EQ(started({}), second);
}

TEST_F(Certificates, AReplacedSelfSignedOneIsTakenAsItIs) {
  Server server;
  server.start();
  make("mine.example");
  fs::copy_file(certificate_, server.data() / "tls" / "certificate.pem",
                fs::copy_options::overwrite_existing);
  fs::copy_file(key_, server.data() / "tls" / "key.pem", fs::copy_options::overwrite_existing);
  const auto from = server.log_bytes();
  hang_up(server);
  wait_for_log(server, "names=mine.example", from);
  server.restart();
  EXPECT_NE(server.log(from).find("names=mine.example"), std::string::npos);
}

TEST_F(Certificates, ADamagedSelfSignedOneStopsTheStartAndIsMadeAnewOnceItIsRemoved) {
  Server server({.data = folder_.path() / "data"});
  server.start();
  const auto first = shown(server);
  EXPECT_EQ(server.terminate(), ExitStatus::exited(0));
  const auto tls = server.data() / "tls";
  fs::resize_file(tls / "key.pem", fs::file_size(tls / "key.pem") / 2);
  const auto end = run_adit(
      {"serve", "--data", server.data().string(), "--listen", "127.0.0.1:0", "--tls-listen", "127.0.0.1:0"});
  EXPECT_EQ(end.status, ExitStatus::exited(1));
  EXPECT_NE(end.output.find("remove both files"), std::string::npos) << end.output;
  EXPECT_NE(end.output.find((tls / "key.pem").string()), std::string::npos) << end.output;
  fs::remove(tls / "key.pem");
  fs::remove(tls / "certificate.pem");
  server.start();
  EXPECT_NE(shown(server), first);
}

TEST_F(Certificates, SighupWithoutHttpsIsNoEnd) {
  Server server({.flags = {"--tls-listen", "off"}});
  server.start();
  const auto from = server.log_bytes();
  hang_up(server);
  wait_for_log(server, "HTTPS is off", from);
  EXPECT_EQ(server.http().get("/readyz").status, 200);
  EXPECT_EQ(days_left(server), -1) << "a server without TLS has no certificate to watch";
}

}  // namespace
}  // namespace adit::test
