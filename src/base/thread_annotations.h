// Words that name which mutex guards what. clang checks them (-Wthread-safety); to g++ they are nothing.
#pragma once

#if defined(__clang__)
#define JOBFERRY_THREAD_ANNOTATION(x) __attribute__((x))
#else
#define JOBFERRY_THREAD_ANNOTATION(x)
#endif

#define CAPABILITY(x) JOBFERRY_THREAD_ANNOTATION(capability(x))
#define SCOPED_CAPABILITY JOBFERRY_THREAD_ANNOTATION(scoped_lockable)
// A member that is read and written only by a thread that holds this mutex.
#define GUARDED_BY(x) JOBFERRY_THREAD_ANNOTATION(guarded_by(x))
// A function that is called only by a thread that holds this mutex.
#define REQUIRES(...) JOBFERRY_THREAD_ANNOTATION(requires_capability(__VA_ARGS__))
#define ACQUIRE(...) JOBFERRY_THREAD_ANNOTATION(acquire_capability(__VA_ARGS__))
#define RELEASE(...) JOBFERRY_THREAD_ANNOTATION(release_capability(__VA_ARGS__))
