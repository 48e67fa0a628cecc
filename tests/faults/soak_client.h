// SoakClient: one of several who use a server in every way, for as long as it takes.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "faults/rng.h"
#include "support/push_client.h"
#include "support/server.h"

namespace adit::test {

/// Its tables stay as large as they are: rows are replaced, upserted within a range of keys, or deleted
/// again. Not thread-safe; several in one pool have tables of their own.
class SoakClient {
 public:
  /// `only` names the acts to draw from; none is all of them.
  SoakClient(const Server& server, std::string pool, int number, Rng rng,
             const std::vector<std::string>& only);

  /// One thing of many, drawn by lot. Throws std::runtime_error where the server does not answer as it
  /// should.
  void act();
  /// How often each was done.
  const std::map<std::string, std::uint64_t>& counts() const { return counts_; }

 private:
  struct Act {
    const char* name;
    unsigned weight;
    void (SoakClient::*act)();
  };
  static const std::vector<Act>& all_acts();

  void replace_csv();
  void replace_parquet();
  void append();
  void upsert();
  void upsert_and_delete();
  void cancel();
  void delete_job();
  void query();
  void download();
  void drop_table();
  void fail_upload();
  void break_off_upload();
  void land_wrong_rows();
  void come_without_key();

  std::string table(const std::string& kind) const { return kind + "_" + std::to_string(number_); }
  std::string table_path(const std::string& name) const;
  void demand(const HttpResponse& response, int status) const;

  const std::string address_;
  const std::string key_;
  PoolClient client_;
  std::vector<Act> acts_;
  const int number_;
  Rng rng_;
  int appends_ = 0;
  std::map<std::string, std::uint64_t> counts_;
};

}  // namespace adit::test
