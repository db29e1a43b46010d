// Result<T>: the value, or an Error that a tired operator understands.
//
// Whatever input, a peer, the disk or a policy can cause is a Result. Our own
// bugs are HR_CHECK (crypto/base/check.h), which is always on.
#pragma once

#include <string>
#include <type_traits>
#include <utility>
#include <variant>

#include "crypto/base/check.h"

namespace hedgerow {

// What kind of failure; the number is the exit code of docs (formats.md, Commands).
enum class Code {
  usage = 64,          // the caller's words are off
  bad_input = 65,      // a bad file, message, encoding or signature
  not_running = 69,    // the own daemon does not answer
  internal = 70,       // a library or the operating system failed unexpectedly
  try_again = 75,      // not settled; a peer, a quota or a lock is missing
  denied = 77,         // expired, denied, withdrawn
  configuration = 78,  // configuration, keys, permissions, a tampered store
};

// `text` says what is wrong and where (file:line:column where there is one), never a
// secret, never an identifier. `culprit` is the party at fault where one is known.
struct Error {
  Code code = Code::internal;
  std::string text;
  std::string culprit = {};
  std::string hint = {};

  friend bool operator==(const Error&, const Error&) = default;
};

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : v_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : v_(std::in_place_index<1>, std::move(error)) {}

  bool ok() const { return v_.index() == 0; }
  explicit operator bool() const { return ok(); }

  const T& value() const& {
    HR_CHECK(ok());
    return *std::get_if<0>(&v_);
  }
  T& value() & {
    HR_CHECK(ok());
    return *std::get_if<0>(&v_);
  }
  T&& value() && {
    HR_CHECK(ok());
    return std::move(*std::get_if<0>(&v_));
  }
  const T& operator*() const& { return value(); }
  T& operator*() & { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  const T* operator->() const { return &value(); }
  T* operator->() { return &value(); }

  const Error& error() const& {
    HR_CHECK(!ok());
    return *std::get_if<1>(&v_);
  }
  Error&& error() && {
    HR_CHECK(!ok());
    return std::move(*std::get_if<1>(&v_));
  }

 private:
  std::variant<T, Error> v_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)), ok_(false) {}

  bool ok() const { return ok_; }
  explicit operator bool() const { return ok_; }
  void value() const { HR_CHECK(ok_); }
  const Error& error() const& {
    HR_CHECK(!ok_);
    return error_;
  }
  Error&& error() && {
    HR_CHECK(!ok_);
    return std::move(error_);
  }

 private:
  Error error_;
  bool ok_ = true;
};

inline Error bad_input(std::string text, std::string hint = {}) {
  return {Code::bad_input, std::move(text), {}, std::move(hint)};
}
inline Error denied(std::string text, std::string hint = {}) {
  return {Code::denied, std::move(text), {}, std::move(hint)};
}
inline Error try_again(std::string text, std::string hint = {}) {
  return {Code::try_again, std::move(text), {}, std::move(hint)};
}
inline Error configuration(std::string text, std::string hint = {}) {
  return {Code::configuration, std::move(text), {}, std::move(hint)};
}
inline Error internal(std::string text) { return {Code::internal, std::move(text), {}, {}}; }
inline Error culprit_error(std::string text, std::string culprit) {
  return {Code::bad_input, std::move(text), std::move(culprit), {}};
}

}  // namespace hedgerow

#define HR_CONCAT_(a, b) a##b
#define HR_CONCAT(a, b) HR_CONCAT_(a, b)

// HR_TRY(expression): returns the error from the enclosing function, if there is one.
#define HR_TRY(expr)                                            \
  do {                                                          \
    auto hr_result_ = (expr);                                   \
    if (!hr_result_.ok()) return std::move(hr_result_).error(); \
  } while (false)

// HR_ASSIGN(declaration, expression): binds the value, or returns the error.
#define HR_ASSIGN(decl, expr)                                                                 \
  auto HR_CONCAT(hr_r_, __LINE__) = (expr);                                                   \
  if (!HR_CONCAT(hr_r_, __LINE__).ok()) return std::move(HR_CONCAT(hr_r_, __LINE__)).error(); \
  decl = std::move(HR_CONCAT(hr_r_, __LINE__)).value()
