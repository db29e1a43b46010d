// Result<T>: the value, or an Error that a tired operator understands.
//
// Whatever input, a peer, the disk or a policy can cause is a Result. Our own
// bugs are HR_CHECK (crypto/base/check.h), which is always on.
#pragma once

#include <memory>
#include <string>
#include <type_traits>
#include <utility>

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

// An Error or none, in one word.
class ErrorBox {
 public:
  ErrorBox() = default;
  explicit ErrorBox(Error&& error);
  ErrorBox(const ErrorBox& o);
  ErrorBox(ErrorBox&& o) noexcept : error_(std::exchange(o.error_, nullptr)) {}
  ErrorBox& operator=(ErrorBox o) noexcept {
    std::swap(error_, o.error_);
    return *this;
  }
  ~ErrorBox() {
    if (error_ != nullptr) discard();
  }

  Error* get() const { return error_; }

 private:
  void discard();
  Error* error_ = nullptr;
};

// What moves and destroys it is compiled once for each T, not where it is called: a function that
// may fail in ten places would consist of little else. Of one that was moved from, the value is
// moved from; its error is gone (HR_CHECK).
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : ok_(true) { std::construct_at(&value_, std::move(value)); }
  Result(Error error) : ok_(false) { std::construct_at(&error_, std::move(error)); }
  [[gnu::noinline]] Result(Result&& o) noexcept : ok_(o.ok_) { take(o); }
  [[gnu::noinline]] Result(const Result& o) requires std::is_copy_constructible_v<T> : ok_(o.ok_) {
    if (ok_)
      std::construct_at(&value_, o.value_);
    else
      std::construct_at(&error_, o.error_);
  }
  [[gnu::noinline]] Result& operator=(Result&& o) noexcept {
    if (this == &o) return *this;
    destroy();
    ok_ = o.ok_;
    take(o);
    return *this;
  }
  [[gnu::noinline]] ~Result() { destroy(); }

  bool ok() const { return ok_; }
  explicit operator bool() const { return ok_; }

  const T& value() const& {
    HR_CHECK(ok_);
    return value_;
  }
  T& value() & {
    HR_CHECK(ok_);
    return value_;
  }
  T&& value() && {
    HR_CHECK(ok_);
    return std::move(value_);
  }
  const T& operator*() const& { return value(); }
  T& operator*() & { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  const T* operator->() const { return &value(); }
  T* operator->() { return &value(); }

  const Error& error() const& {
    HR_CHECK(!ok_ && error_.get() != nullptr);
    return *error_.get();
  }
  Error&& error() && {
    HR_CHECK(!ok_ && error_.get() != nullptr);
    return std::move(*error_.get());
  }

 private:
  void take(Result& o) {
    if (ok_)
      std::construct_at(&value_, std::move(o.value_));
    else
      std::construct_at(&error_, std::move(o.error_));
  }
  void destroy() {
    if (ok_)
      std::destroy_at(&value_);
    else
      std::destroy_at(&error_);
  }

  union {
    T value_;
    ErrorBox error_;
  };
  bool ok_;
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
    HR_CHECK(error_.get() != nullptr);
    return *error_.get();
  }
  Error&& error() && {
    HR_CHECK(error_.get() != nullptr);
    return std::move(*error_.get());
  }

 private:
  ErrorBox error_;
  bool ok_ = true;
};

Error bad_input(std::string text, std::string hint = {});
Error denied(std::string text, std::string hint = {});
Error try_again(std::string text, std::string hint = {});
Error configuration(std::string text, std::string hint = {});
Error internal(std::string text);
Error culprit_error(std::string text, std::string culprit);

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
