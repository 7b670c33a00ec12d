/* process.h - what the kernel says about a running process, and the time. */
#ifndef BENCH_PROCESS_H
#define BENCH_PROCESS_H

/* Seconds of a clock that only goes forward. */
double process_now_s(void);

/* Resident memory in KiB; -1 when there is no such process. */
long process_rss_kib(int pid);

/* Seconds of processor time that all its running threads have used, to the nanosecond. */
double process_cpu_s(int pid);

#endif
