// Worker: one client that does random things until it is told to stop or its server dies.
#pragma once

#include <atomic>
#include <functional>
#include <string>

#include "faults/history.h"
#include "faults/model.h"
#include "faults/rng.h"
#include "support/http_client.h"

namespace adit::test {

/// What the workers of a round share.
struct RoundContext {
  Model& model;
  History& history;
  std::string address;
  std::string key;
  std::atomic<bool> stop = false;
  /// SIGTERM was sent: from now on the server may refuse and close.
  std::atomic<bool> terminating = false;
  /// Whether all processes end at their next call: what has seen an engine end may say so before it does.
  std::function<bool()> power_is_off;
  /// A process of an engine is killed: a query that it answers may be refused for the moment.
  std::atomic<bool> engines_end = false;
};

/// Runs in a thread of its own. Before a request is sent its record says kUncertain, after the answer kYes or
/// kNo; a request without an answer ends the worker. An answer that no fault excuses is a violation in the
/// history.
class Worker {
 public:
  Worker(RoundContext& context, Rng rng, int number);
  void run();

 private:
  void step();
  void push_new_job();
  void continue_job();
  /// The target of a new job, often with mirrors and a table of notes.
  void pick_tables(JobRecord& job);
  /// What it saw stands in the model with the times of its begin and end.
  void read_a_table();
  /// Likewise of two tables in one query.
  void read_two_tables();
  /// Drops, truncates or deletes rows of a table.
  void change_a_table();

  bool create(JobRecord& job);
  void upload_some(JobRecord& job, int uploads);
  void upload(JobRecord& job);
  void upload_rubbish(const JobRecord& job);
  void vanish_while_uploading(const JobRecord& job);
  /// Executes, cancels or deletes the job, or leaves it NEW.
  void finish(JobRecord& job);
  void execute(JobRecord& job);
  void follow(JobRecord& job);
  void cancel(JobRecord& job);
  void remove(JobRecord& job);
  /// Polls until the job is final.
  void wait_final(JobRecord& job);
  /// What an answer says of the job.
  void saw(JobRecord& job, const boost::json::value& answer);

  ChunkRecord make_chunk(const JobRecord& job, ChunkKind kind, std::string& bytes);
  HttpResponse send(const std::string& what, HttpRequest request);
  void unexpected(const std::string& what, const HttpResponse& response);
  std::string job_path(const JobRecord& job) const;
  std::string jobs_path(const JobRecord& job) const;

  RoundContext& context_;
  Rng rng_;
  std::string name_;
  Http http_;
};

}  // namespace adit::test
