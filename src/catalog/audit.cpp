// The audit log in the SQLite catalog.
#include "catalog/sqlite_catalog.h"

namespace adit {
namespace {

void insert(SqliteSession& session, const AuditEntry& entry) {
  const auto text_of = [](const auto& id) {
    return id ? std::optional(id->to_string()) : std::optional<std::string>();
  };
  const auto& principal = entry.principal;
  session
      .query(
          "INSERT INTO audit_log (at, team_id, principal_kind, principal_id, principal_name, key_id, peer, "
          "operation, pool_id, object, status, outcome, reference) VALUES (:at, coalesce(:team, (SELECT id "
          "FROM teams ORDER BY number LIMIT 1), ''), :kind, :principal, :name, :key, :peer, :operation, "
          ":pool, :object, :status, :outcome, :reference)")
      .with(to_epoch_ms(entry.at))
      .with(text_of(entry.team))
      .with(principal ? std::optional(std::string(to_string(principal->kind))) : std::nullopt)
      .with(principal ? std::optional(principal->id.to_string()) : std::nullopt)
      .with(entry.principal_name)
      .with(text_of(entry.key))
      .with(entry.peer)
      .with(entry.operation)
      .with(text_of(entry.pool))
      .with(entry.object)
      .with(std::int64_t{entry.status})
      .with(to_string(audit_outcome(entry.status)))
      .with(entry.reference)
      .run();
}

/// One row of audit_log; must live as long as its query.
struct AuditRow {
  long long number = 0, at = 0;
  int status = 0;
  std::string team, name, peer, operation, object, reference;
  Nullable<std::string> kind, principal, key, pool;

  void bind(Query& query) {
    query.into(number).into(at).into(team).into(kind).into(principal).into(name).into(key);
    query.into(peer).into(operation).into(pool).into(object).into(status).into(reference);
  }

  AuditEntry decode() const {
    AuditEntry entry{number, from_epoch_ms(at)};
    entry.team = decode_id<TeamId>(team);
    if (kind.has_value()) {
      const auto known = parse_subject_kind(kind.value);
      if (!known) throw CorruptRow("no kind of a principal: " + kind.value);
      entry.principal = Subject{*known, decode_id<Uuid>(principal.value)};
    }
    entry.principal_name = name;
    if (key.has_value()) entry.key = decode_id<KeyId>(key.value);
    entry.peer = peer;
    entry.operation = operation;
    if (pool.has_value()) entry.pool = decode_id<PoolId>(pool.value);
    entry.object = object;
    entry.status = status;
    entry.reference = reference;
    return entry;
  }
};

}  // namespace

Result<void> SqliteCatalog::insert_audit(std::span<const AuditEntry> entries, Durability durability) {
  return write(durability, "catalog.audit", [&](SqliteSession& session) -> Result<void> {
    for (const auto& entry : entries) insert(session, entry);
    return {};
  });
}

Result<std::vector<AuditEntry>> SqliteCatalog::list_audit(TeamId team, const AuditFilter& filter,
                                                          std::int64_t before, std::size_t limit) {
  constexpr auto kEver = std::numeric_limits<std::int64_t>::max();
  const std::string outcome(filter.outcome ? to_string(*filter.outcome) : "");
  return read([&](SqliteSession& session) {
    std::vector<AuditEntry> entries;
    AuditRow row;
    auto query = session.query(
        "SELECT number, at, team_id, principal_kind, principal_id, principal_name, key_id, peer, operation, "
        "pool_id, object, status, reference FROM audit_log WHERE team_id = :team AND number < :before AND at "
        ">= :from AND at < :to AND (:p1 = '' OR principal_id = :p2 OR principal_name = :p3) AND (:o1 = '' OR "
        "operation = :o2) AND (:j1 = '' OR object = :j2 OR pool_id = :j3) AND (:c1 = '' OR outcome = :c2) "
        "ORDER BY number DESC LIMIT :limit");
    query.with(team.to_string()).with(before);
    query.with(filter.from ? to_epoch_ms(*filter.from) : std::int64_t{0});
    query.with(filter.to ? to_epoch_ms(*filter.to) : kEver);
    query.with(filter.principal).with(filter.principal).with(filter.principal);
    query.with(filter.operation).with(filter.operation);
    query.with(filter.object).with(filter.object).with(filter.object);
    query.with(outcome).with(outcome).with(static_cast<std::int64_t>(limit));
    row.bind(query);
    while (query.next()) entries.push_back(row.decode());
    return entries;
  });
}

Result<std::uint64_t> SqliteCatalog::forget_audit(Timestamp before, std::uint64_t limit) {
  return write(Durability::kRelaxed, "catalog.forget_audit",
               [&](SqliteSession& session) -> Result<std::uint64_t> {
                 return session
                     .query(
                         "DELETE FROM audit_log WHERE number IN (SELECT number FROM audit_log WHERE at < "
                         ":before LIMIT "
                         ":limit)")
                     .with(to_epoch_ms(before))
                     .with(static_cast<std::int64_t>(limit))
                     .run();
               });
}

}  // namespace adit
