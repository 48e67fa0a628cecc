// Requests with an Idempotency-Key in the SQLite catalog.
#include "catalog/sqlite_catalog.h"

namespace adit {
namespace {

struct StoredRequest {
  Timestamp claimed{};
  std::optional<RememberedAnswer> answer;
};

std::optional<StoredRequest> find_request(SqliteSession& session, const RequestKey& key) {
  long long claimed = 0;
  Nullable<std::string> content;
  Nullable<std::string> body;
  auto query = session.query(
      "SELECT claimed, content, body FROM requests WHERE principal = :principal AND route = :route AND key = "
      ":key");
  query.with(key.principal).with(key.route).with(key.text);
  if (!query.into(claimed).into(content).into(body).next()) return std::nullopt;
  StoredRequest stored;
  stored.claimed = from_epoch_ms(claimed);
  if (content.has_value()) stored.answer = RememberedAnswer{content.value, body.value};
  return stored;
}

}  // namespace

Result<void> complete_request(SqliteSession& session, const RequestCompletion* completion) {
  if (completion == nullptr) return {};
  const auto& [key, holder, at] = completion->claim;
  const auto completed = session
                             .query(
                                 "UPDATE requests SET content = :content, body = :body WHERE principal = "
                                 ":principal AND route = :route AND key = :key AND holder = :holder")
                             .with(completion->answer.content)
                             .with(completion->answer.body)
                             .with(key.principal)
                             .with(key.route)
                             .with(key.text)
                             .with(holder.to_string())
                             .run();
  if (completed == 1) return {};
  return conflict(
      "The request took so long that its Idempotency-Key was given to another one. Nothing of it was kept.");
}

Result<std::optional<RememberedAnswer>> SqliteCatalog::claim_request(const RequestClaim& claim,
                                                                     const RequestTimes& times) {
  using Answer = std::optional<RememberedAnswer>;
  return write(Durability::kRelaxed, "catalog.claim_request", [&](SqliteSession& session) -> Result<Answer> {
    const auto& key = claim.key;
    if (auto stored = find_request(session, key)) {
      const auto age = claim.at - stored->claimed;
      if (stored->answer && age < times.remembered) return std::move(stored->answer);
      if (!stored->answer && age < times.under_way_max) {
        return conflict(
            "A request with the same Idempotency-Key is under way. Send this again when it is over.");
      }
    }
    session
        .query(
            "INSERT OR REPLACE INTO requests (principal, route, key, holder, claimed) VALUES (:principal, "
            ":route, :key, :holder, :claimed)")
        .with(key.principal)
        .with(key.route)
        .with(key.text)
        .with(claim.holder.to_string())
        .with(to_epoch_ms(claim.at))
        .run();
    return Answer();
  });
}

Result<void> SqliteCatalog::release_request(const RequestClaim& claim) {
  return write(Durability::kRelaxed, "catalog.release_request", [&](SqliteSession& session) -> Result<void> {
    session
        .query(
            "DELETE FROM requests WHERE principal = :principal AND route = :route AND key = :key AND holder "
            "= "
            ":holder AND content IS NULL")
        .with(claim.key.principal)
        .with(claim.key.route)
        .with(claim.key.text)
        .with(claim.holder.to_string())
        .run();
    return {};
  });
}

Result<void> SqliteCatalog::release_all_requests() {
  return write(Durability::kRelaxed, "catalog.release_all_requests",
               [&](SqliteSession& session) -> Result<void> {
                 session.query("DELETE FROM requests WHERE content IS NULL").run();
                 return {};
               });
}

Result<std::uint64_t> SqliteCatalog::forget_requests(Timestamp before) {
  return write(
      Durability::kRelaxed, "catalog.forget_requests", [&](SqliteSession& session) -> Result<std::uint64_t> {
        return session.query("DELETE FROM requests WHERE claimed < :before").with(to_epoch_ms(before)).run();
      });
}

}  // namespace adit
