// The bytes of a client's connection, plain or TLS. For http_client.cpp only: no other file sees Beast.
#pragma once

#include <openssl/ssl.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <functional>
#include <string>
#include <utility>

namespace adit::client::wire {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace bhttp = boost::beast::http;
using boost::system::error_code;
using Parser = bhttp::response_parser<bhttp::string_body>;
/// Gives the body away in the blocks that it is handed, so that it may be of any size.
using StreamParser = bhttp::response_parser<bhttp::buffer_body>;
using OnDone = std::function<void(error_code)>;

/// Starts one operation of each kind at a time; `done` is called from the io_context.
class Connection {
 public:
  virtual ~Connection() = default;
  virtual void async_handshake(const std::string& host, OnDone done) = 0;
  virtual void async_write(asio::const_buffer bytes, OnDone done) = 0;
  virtual void async_read(beast::flat_buffer& buffer, Parser& parser, OnDone done) = 0;
  virtual void async_read(beast::flat_buffer& buffer, StreamParser& parser, OnDone done) = 0;
  virtual beast::tcp_stream& tcp() = 0;
};

class PlainConnection final : public Connection {
 public:
  explicit PlainConnection(asio::io_context& io) : stream_(io) {}
  void async_handshake(const std::string&, OnDone done) override { done({}); }
  void async_write(asio::const_buffer bytes, OnDone done) override {
    asio::async_write(stream_, bytes, [done = std::move(done)](error_code code, std::size_t) { done(code); });
  }
  void async_read(beast::flat_buffer& buffer, Parser& parser, OnDone done) override {
    bhttp::async_read(stream_, buffer, parser,
                      [done = std::move(done)](error_code code, std::size_t) { done(code); });
  }
  void async_read(beast::flat_buffer& buffer, StreamParser& parser, OnDone done) override {
    bhttp::async_read(stream_, buffer, parser,
                      [done = std::move(done)](error_code code, std::size_t) { done(code); });
  }
  beast::tcp_stream& tcp() override { return stream_; }

 private:
  beast::tcp_stream stream_;
};

class TlsConnection final : public Connection {
 public:
  TlsConnection(asio::io_context& io, asio::ssl::context& context) : stream_(io, context) {}
  void async_handshake(const std::string& host, OnDone done) override {
    SSL_set_tlsext_host_name(stream_.native_handle(), host.c_str());
    stream_.async_handshake(asio::ssl::stream_base::client, std::move(done));
  }
  void async_write(asio::const_buffer bytes, OnDone done) override {
    asio::async_write(stream_, bytes, [done = std::move(done)](error_code code, std::size_t) { done(code); });
  }
  void async_read(beast::flat_buffer& buffer, Parser& parser, OnDone done) override {
    bhttp::async_read(stream_, buffer, parser,
                      [done = std::move(done)](error_code code, std::size_t) { done(code); });
  }
  void async_read(beast::flat_buffer& buffer, StreamParser& parser, OnDone done) override {
    bhttp::async_read(stream_, buffer, parser,
                      [done = std::move(done)](error_code code, std::size_t) { done(code); });
  }
  beast::tcp_stream& tcp() override { return beast::get_lowest_layer(stream_); }

 private:
  beast::ssl_stream<beast::tcp_stream> stream_;
};

}  // namespace adit::client::wire
