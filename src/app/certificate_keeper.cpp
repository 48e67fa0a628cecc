#include "app/certificate_keeper.h"

#include <sys/stat.h>

#include <chrono>
#include <utility>

#include "base/log.h"

namespace adit {
namespace {

using std::chrono::days;

/// Certificates that are renewed by a machine are renewed earlier than this.
constexpr days kWarningTime{14};
constexpr days kTimeBetweenWarnings{1};

double days_between(Timestamp from, std::chrono::sys_seconds to) {
  return std::chrono::duration<double, days::period>(to - from).count();
}

std::string_view reason_of(http::Made made) {
  switch (made) {
    case http::Made::kNothing:
      return "";
    case http::Made::kFirst:
      return "there was none";
    case http::Made::kForNames:
      return "--tls-name has changed";
    case http::Made::kBeforeExpiry:
      return "the old one is about to expire";
    case http::Made::kForKey:
      return "the key has changed";
  }
  std::unreachable();
}

/// Readable for the group is how a service's user is given a key that belongs to root.
void warn_of_open_key(const std::filesystem::path& key) {
  struct stat status{};
  constexpr mode_t kTooOpen = S_IRWXO | S_IWGRP;
  if (::stat(key.c_str(), &status) != 0 || (status.st_mode & kTooOpen) == 0) return;
  log::warning("TLS key is open to others", {{"file", key.string()}, {"mend", "chmod 640 or 600"}});
}

}  // namespace

Result<http::TlsIdentity> CertificateKeeper::read() {
  if (source_.given) return load();
  auto identity = keep_own();
  // It is not replaced unasked: clients may trust this very certificate.
  if (!identity && identity.error().kind == ErrorKind::kInvalid) {
    auto error = std::move(identity).error();
    error.public_message +=
        " The server has made this pair itself: remove both files, and the next start makes another, which "
        "clients that trust the old one have to be given.";
    return error;
  }
  return identity;
}

Result<http::TlsIdentity> CertificateKeeper::keep_own() {
  ADIT_TRY(const auto made, http::keep_self_signed(source_.files, source_.names, clock_.now()));
  if (made != http::Made::kNothing) {
    log::info("self-signed certificate made",
              {{"file", source_.files.certificate.string()}, {"why", reason_of(made)}});
  }
  return load();
}

Result<http::TlsIdentity> CertificateKeeper::load() {
  const auto now = clock_.now();
  ADIT_TRY(auto identity, http::TlsIdentity::load(source_.files));
  if (auto valid = http::check_validity(identity.facts(), now); !valid) {
    auto error = std::move(valid).error();
    error.internal_detail = source_.files.certificate.string();
    return error;
  }
  return identity;
}

void CertificateKeeper::note(const http::CertificateFacts& facts) {
  warn_of_open_key(source_.files.key);
  std::string names;
  for (const auto& name : facts.names) names += (names.empty() ? "" : ",") + name;
  log::info("certificate in use", {{"file", source_.files.certificate.string()},
                                   {"names", names},
                                   {"until", http::date_text(facts.valid_until)},
                                   {"sha256", facts.sha256}});
  shown_ = facts;
  tell_remaining();
}

void CertificateKeeper::tell_remaining() {
  const auto now = clock_.now();
  metrics_.certificate_days.Add({}).Set(days_between(now, shown_->valid_until));
  if (now + kWarningTime < shown_->valid_until || now < warned_ + kTimeBetweenWarnings) return;
  warned_ = now;
  log::warning("certificate expires soon", {{"file", source_.files.certificate.string()},
                                            {"until", http::date_text(shown_->valid_until)}});
}

Result<http::TlsIdentity> CertificateKeeper::begin() {
  ADIT_TRY(auto identity, read());
  note(identity.facts());
  return identity;
}

void CertificateKeeper::reload(http::Server& server) {
  const auto identity = read();
  auto used = identity ? server.use_certificate(*identity) : Result<void>(identity.error());
  if (used) return note(identity->facts());
  log::error("certificate not taken; the old one stays",
             {{"message", used.error().public_message}, {"detail", used.error().internal_detail}});
}

void CertificateKeeper::look(http::Server& server) {
  const bool due = clock_.now() + http::kRenewalTime >= shown_->valid_until;
  if (due && shown_->made_here && !source_.given) {
    reload(server);
  } else {
    tell_remaining();
  }
}

}  // namespace adit
