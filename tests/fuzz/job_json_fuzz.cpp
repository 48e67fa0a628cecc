// parse_json_object() and job_spec_from_json(). Input: the body of a create request.
#include <boost/json.hpp>
#include <string>

#include "fuzz/fuzz_target.h"
#include "model/job_json.h"
#include "model/json_fields.h"

namespace {

using namespace adit;

bool same(const JobSpec& a, const JobSpec& b) {
  return a.target_name == b.target_name && a.type == b.type && a.file_type == b.file_type &&
         a.keys == b.keys && a.table_schema == b.table_schema && a.csv == b.csv &&
         a.upsert_strategy == b.upsert_strategy && a.change_date == b.change_date &&
         a.fallback_varchar_length == b.fallback_varchar_length && a.foreign_keys == b.foreign_keys &&
         a.connection == b.connection && a.target_schema == b.target_schema;
}

/// Clients send a job that they have read as the body of their next create.
void create_again(const JobSpec& spec, PoolId pool) {
  Job job;
  job.pool = pool;
  job.spec = spec;
  const auto text = boost::json::serialize(to_json(job, 0));
  const auto body = parse_json_object(text);
  fuzz::require(body.ok(), "an answer is JSON");
  const auto again = job_spec_from_json(*body, pool);
  fuzz::require(again.ok(), "an answer can be sent as a create");
  fuzz::require(same(spec, *again), "an answer says what was asked for");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::text_of(data, size);
  static_cast<void>(parse_iso8601(text));
  const auto body = parse_json_object(text);
  if (!body) {
    fuzz::require(body.error().kind == ErrorKind::kInvalid, "bad JSON is the client's mistake");
    return 0;
  }
  const PoolId pool;
  const auto spec = job_spec_from_json(*body, pool);
  if (spec) {
    create_again(*spec, pool);
  } else {
    fuzz::require(spec.error().kind == ErrorKind::kInvalid && !spec.error().fields.empty(),
                  "a refusal names its fields");
  }
  return 0;
}
