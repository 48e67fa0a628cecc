// The certificate: made here, kept, renewed; given ones that are good and that are not.
#include "http/certificate.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <fstream>

#include "base/file.h"
#include "base/id.h"

namespace adit::http {
namespace {

namespace fs = std::filesystem;
using std::chrono::days;

using Names = std::vector<std::string>;

class CertificateTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(fs::create_directories(folder_)); }
  void TearDown() override { fs::remove_all(folder_); }

  Made keep(const std::optional<Names>& names, Timestamp now) const {
    const auto made = keep_self_signed(files_, names, now);
    EXPECT_TRUE(made.ok()) << made.error().public_message << made.error().internal_detail;
    return made ? *made : Made::kNothing;
  }
  Made keep(const std::optional<Names>& names) const { return keep(names, now_); }
  CertificateFacts facts() const {
    const auto identity = TlsIdentity::load(files_);
    EXPECT_TRUE(identity.ok()) << identity.error().public_message;
    return identity ? identity->facts() : CertificateFacts{};
  }
  std::string refusal() const {
    const auto identity = TlsIdentity::load(files_);
    return identity ? "loaded" : identity.error().public_message;
  }
  std::string content(const fs::path& path) const { return *read_file(path, 1 << 20); }
  static void write(const fs::path& path, std::string_view text) { std::ofstream(path) << text; }
  /// Runs openssl as an administrator does.
  void openssl(const std::string& arguments) const {
    const auto command = "cd '" + folder_.string() + "' && openssl " + arguments + " >openssl.log 2>&1";
    ASSERT_EQ(std::system(command.c_str()), 0) << content(folder_ / "openssl.log");
  }
  void make_foreign() const {
    openssl(
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 20 -subj /CN=a.example "
        "-addext subjectAltName=DNS:a.example,IP:2001:db8::7 -keyout key.pem -out cert.pem");
  }

  const Timestamp now_ = SystemClock().now();
  const fs::path folder_ = fs::temp_directory_path() / ("adit-certificate-" + Uuid::random().to_string());
  const TlsFiles files_{folder_ / "cert.pem", folder_ / "key.pem"};
};

TEST_F(CertificateTest, IsMadeOnceForTenYearsAndItsKeyIsPrivate) {
  EXPECT_EQ(keep(std::nullopt), Made::kFirst);
  EXPECT_EQ(facts().names, (Names{"localhost", "127.0.0.1", "::1"}));
  EXPECT_TRUE(facts().made_here);
  EXPECT_GT(facts().valid_until, now_ + days(3650));
  struct stat status{};
  ASSERT_EQ(::stat(files_.key.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
  const auto first = content(files_.certificate);
  EXPECT_EQ(keep(std::nullopt), Made::kNothing);
  EXPECT_EQ(keep(Names{"::1", "127.0.0.1", "localhost"}), Made::kNothing);
  EXPECT_EQ(content(files_.certificate), first);
}

TEST_F(CertificateTest, OtherNamesMakeItAnewWithItsKey) {
  keep(Names{"a.example"});
  const auto key = content(files_.key);
  EXPECT_EQ(keep(Names{"b.example", "2001:db8::1"}), Made::kForNames);
  EXPECT_EQ(facts().names, (Names{"b.example", "2001:db8::1"}));
  EXPECT_EQ(content(files_.key), key);
  EXPECT_EQ(keep(std::nullopt), Made::kNothing) << "names that nobody asks for stay";
  EXPECT_EQ(facts().names, (Names{"b.example", "2001:db8::1"}));
}

TEST_F(CertificateTest, IsRenewedThirtyDaysBeforeItExpires) {
  keep(Names{"a.example"});
  const auto until = facts().valid_until;
  EXPECT_EQ(keep(std::nullopt, until - days(31)), Made::kNothing);
  EXPECT_EQ(keep(std::nullopt, until - days(29)), Made::kBeforeExpiry);
  EXPECT_GT(facts().valid_until, until + days(3600));
  EXPECT_EQ(facts().names, Names{"a.example"});
}

TEST_F(CertificateTest, AnInterruptedStartIsMadeGood) {
  keep(std::nullopt);
  fs::remove(files_.certificate);
  const auto key = content(files_.key);
  EXPECT_EQ(keep(std::nullopt), Made::kFirst);
  EXPECT_EQ(content(files_.key), key);
  fs::remove(files_.key);
  EXPECT_EQ(keep(std::nullopt), Made::kForKey);
  EXPECT_EQ(refusal(), "loaded");
}

TEST_F(CertificateTest, OneThatSomebodyElseMadeIsLeftAlone) {
  make_foreign();
  const auto before = content(files_.certificate);
  EXPECT_EQ(keep(Names{"other.example"}, now_ + days(19)), Made::kNothing);
  EXPECT_EQ(content(files_.certificate), before);
  EXPECT_FALSE(facts().made_here);
  EXPECT_EQ(facts().names, (Names{"a.example", "2001:db8::7"}));
  fs::remove(files_.key);
  EXPECT_EQ(keep(std::nullopt), Made::kNothing);
  EXPECT_FALSE(fs::exists(files_.key));
}

TEST_F(CertificateTest, NeedsNamesThatAreNames) {
  for (const Names& names : {Names{}, Names{"a,IP:1.2.3.4"}, Names{"a b"}, Names{""}}) {
    const auto made = keep_self_signed(files_, names, now_);
    ASSERT_FALSE(made.ok());
    EXPECT_EQ(made.error().kind, ErrorKind::kInvalid);
  }
  EXPECT_FALSE(fs::exists(files_.key));
}

TEST_F(CertificateTest, WhatCantBeUsedIsNamedWithAWayToMendIt) {
  EXPECT_NE(refusal().find("file can't be read"), std::string::npos);
  EXPECT_NE(TlsIdentity::load(files_).error().internal_detail.find(files_.certificate.string()),
            std::string::npos);
  EXPECT_EQ(refusal().find(folder_.string()), std::string::npos) << "no path in a public message";
  make_foreign();
  const auto certificate = content(files_.certificate);
  const auto key = content(files_.key);
  write(files_.certificate, key);
  EXPECT_NE(refusal().find("holds no certificate"), std::string::npos) << refusal();
  write(files_.certificate, certificate + "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n");
  EXPECT_NE(refusal().find("certificate 2 of the file is damaged"), std::string::npos) << refusal();
  write(files_.certificate, certificate);
  write(files_.key, certificate);
  EXPECT_NE(refusal().find("holds no private key"), std::string::npos) << refusal();
  openssl("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out key.pem");
  EXPECT_NE(refusal().find("does not belong to the certificate"), std::string::npos) << refusal();
  write(files_.key, key);
  openssl("pkey -in key.pem -aes256 -passout pass:secret -out encrypted.pem");
  write(files_.key, content(folder_ / "encrypted.pem"));
  EXPECT_NE(refusal().find("openssl pkey"), std::string::npos) << refusal();
  write(files_.key, key);
  EXPECT_EQ(refusal(), "loaded");
}

TEST_F(CertificateTest, IsValidFromItsFirstToItsLastSecond) {
  make_foreign();
  const auto seen = facts();
  EXPECT_TRUE(check_validity(seen, seen.valid_from).ok());
  EXPECT_TRUE(check_validity(seen, seen.valid_until - std::chrono::seconds(1)).ok());
  const auto over = check_validity(seen, seen.valid_until);
  ASSERT_FALSE(over.ok());
  EXPECT_NE(over.error().public_message.find("expired: it was valid until " + date_text(seen.valid_until)),
            std::string::npos);
  EXPECT_FALSE(check_validity(seen, seen.valid_from - std::chrono::seconds(1)).ok());
}

TEST(DateText, IsRfc3339) {
  EXPECT_EQ(date_text(std::chrono::sys_seconds(std::chrono::seconds(951'827'696))), "2000-02-29T12:34:56Z");
}

}  // namespace
}  // namespace adit::http
