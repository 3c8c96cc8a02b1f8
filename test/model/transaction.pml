/*
 * The transaction of docs/protocol.md, for Spin: hosts, deploys, repairs. Every script of src/scripts/transaction is a request that a
 * controller posts to a host; the host checks its fence, does it in as many steps as a death can come between, and answers. A request
 * may be late or never come, an answer may be lost, a controller or a host may die at any step. Time is that anything may take any
 * time, but for two things that a clock does: see Clock.
 *
 * HOSTS, DEPLOYS (controllers that deploy, at once), REPAIRS (one after the other), FAULTY (so many transactions, the first ones, may
 * die, lose their line and be thought dead by their hosts; the last repair must not), REBOOTS (of any host); and, where they are
 * defined: RESOLVER (clonedeploy boot-resolver), PAUSES (a controller may be thought dead by the others, and go on), WARM (restart with
 * four commands), BATCHES (one host after the other), GIVE_UP (the first repair gives a host up that is away).
 */
#ifndef HOSTS
#define HOSTS 2
#endif
#ifndef DEPLOYS
#define DEPLOYS 1
#endif
#ifndef REPAIRS
#define REPAIRS 1
#endif
#ifndef FAULTY
#define FAULTY 1
#endif
#ifndef REBOOTS
#define REBOOTS 0
#endif
#define T (DEPLOYS + REPAIRS)
#define ALL ((1 << HOSTS) - 1)
/* That a repair may need. In each of them the stage of a second deploy may wake that slept, or of the first. */
#ifdef SLEEPERS
#define ROUNDS (5 + 2 * HOSTS * (DEPLOYS - 1))
#else
#define ROUNDS 5
#endif
#define on(t, h) ((t) * HOSTS + (h))
#define slot(t, s, h) (((t) * 2 + (s)) * HOSTS + (h))
#define in(set, h) ((set >> (h)) & 1)

/* What a promise is called that does not hold. */
mtype = { barrier, second_barrier, exit_0, exit_3, exit_5, dead_mans_switch, late_word, fence, register, repair_ends, repair_stays,
          old_runs_on, way_back_is_a_switch, way_back_is_ours, given_up_moves_nobody, repair_goes_forward };
/* Scripts. lock_and_stage: they are sent together. rename: the link forward onto current, by SFTP or by the word `go T`. */
mtype = { lock_and_stage, lock, stage, warm, arm, rename_, switch_, confirm, cool, cool_left, finish, restore, abandon, discard, settle_confirmed,
          settle_reverted, record_fleet };
#define promise(name, holds) assert((holds) || !name)

/* X/stage/go/current: not there, made, made and armed, set aside, renamed onto current. */
#define NONE 0
#define STAGED 1
#define ARMED 2
#define ASIDE 3
#define TOOK 4
/* The register: X/undecided, X/outcome.confirmed, X/outcome.reverted. */
#define UNDECIDED 1
#define CONFIRMED 2
#define REVERTED 3
/* X/stage/revert/current: there, or aside.current. */
#define THERE 1
#define AWAY 2
/* The dead-man's switch: it watches, it has decided, it restarts. */
#define WATCHES 1
#define GOES_BACK 2
#define RESTARTS 3
#define step(k, n) ((k) + 64 * (n)) /* it has passed the fence (1), or has done a part (2 …) */
#define YES 1
#define NO 2

/* A host's disk. */
byte current[HOSTS];            /* release: 0 is what was served before; deploy t brings t + 1 */
byte holder[HOSTS];             /* of the highest epoch: t + 1; 0: released */
byte number[HOSTS], record[HOSTS]; /* the fleet's record: its number, and whose it is, t + 1 */
byte way[T * HOSTS];            /* X/stage/go/current */
byte back[T * HOSTS];           /* X/stage/revert/current */
byte outcome[T * HOSTS];
byte old[T * HOSTS];
#ifdef SLEEPERS
byte since[T * HOSTS];          /* whose stage had passed its fence when these links were made, as bits: it listed what was there before */
#endif
/* Its processes. */
byte watch[T * HOSTS];
bit line[T * HOSTS];            /* arm waits for the word */
#ifdef WARM
byte traffic[HOSTS];            /* the release that users meet */
byte running[HOSTS];            /* releases whose processes run, as bits */
bit owed[T * HOSTS];            /* X/restart: not yet seen to serve */
#endif
/* The line: what is asked of a host in a transaction's two places (0 does, 1 undoes), and what it said. */
byte asked[T * 2 * HOSTS], said[T * 2 * HOSTS];
/* A controller's plan. */
byte next[T];                   /* X/next: the release that it brings */
byte planned[T * HOSTS];        /* what current was when it was read */
byte seq[T];                    /* the number that the record gets */
byte ends[T];                     /* the dead transaction that a repair ends */
bit dead[T];                    /* the process is gone, or over */
bit silent[T];                  /* nothing was heard of it for longer than every lease */

/* What only the model knows, for its promises. */
byte stager[HOSTS];             /* who made links last, t + 1 */
bit late[T * HOSTS];            /* the deadline is over */
bit overtaken[T * HOSTS];       /* a later transaction was confirmed here */
bit locking[HOSTS];             /* between the epoch and the sweep */
bit rebooted[HOSTS];
byte reboots = REBOOTS;
byte members[T];                /* the hosts of a run, as bits */
byte sealed[T];                 /* those that hold the release */
bit settled;                    /* a repair that saw all hosts ended with 0 */
byte given;                     /* the host that was given up, as a bit */
byte kept = 255;                /* what the others then served */
bit last;                       /* the last repair has begun */

#define flaky(t) ((t) < FAULTY)
/* For schedules by chance: nothing goes wrong before the hosts have done so many steps, or chance ends every run at its beginning. */
#ifdef SAMPLE
byte did;
#define after(n) (did >= (n))
/* Who is armed is asked whether it is there before any word is sent: the model has no such message. */
#define may_reboot(h) (after(REBOOTS_AT) && way[on(0, h)] != ARMED)
#else
#define after(n) true
#define may_reboot(h) true
#endif
#define fires(t) (flaky(t) && (dead[t] || after(FIRES_AT)))
#ifdef NO_LOSSES
#define loses(t) false
#else
#define loses(t) flaky(t)
#endif
#ifdef NO_DEATHS
#define dies(t) false
#else
#define dies(t) (flaky(t) && after(DIES_AT))
#endif
#define serves(t, h) (current[h] == next[t])
#define wayback(t, h) (back[on(t, h)] != NONE)
#define doubtful(t, h) (way[on(t, h)] == TOOK && (outcome[on(t, h)] == UNDECIDED || \
  (outcome[on(t, h)] == REVERTED && wayback(t, h) && serves(t, h) && old[on(t, h)] != next[t])))
#ifdef WARM
#define unserved(t, h) (way[on(t, h)] == TOOK && outcome[on(t, h)] == REVERTED && owed[on(t, h)] && current[h] == old[on(t, h)])
#else
#define unserved(t, h) false
#endif
#define over(o) (dead[o] || silent[o])
#ifdef BATCHES
#define BATCH_LOOK false
#else
#define BATCH_LOOK true
#endif

#ifdef NO_CALLOFF
#define SWEEPS(t, h) (way[on(t, h)] != ARMED)
#else
#define SWEEPS(t, h) true
#endif

inline forget(t_, h_) {
  way[on(t_, h_)] = NONE; back[on(t_, h_)] = NONE; outcome[on(t_, h_)] = NONE; old[on(t_, h_)] = 0; watch[on(t_, h_)] = 0;
  line[on(t_, h_)] = 0; late[on(t_, h_)] = 0; overtaken[on(t_, h_)] = 0
#ifdef WARM
  ; owed[on(t_, h_)] = 0
#endif
#ifdef SLEEPERS
  ; since[on(t_, h_)] = 0
#endif
}

/* calloff: of two that want the way forward, one gets it. */
inline calloff(t_, h_) {
  if :: way[on(t_, h_)] == STAGED || way[on(t_, h_)] == ARMED -> way[on(t_, h_)] = ASIDE; printf("h%d: tx%d is set aside\n", h_ + 1, t_) :: else fi
}

/* endwork: a switch or a restart that was begun for this transaction. */
inline endwork(t_, h_) {
#ifndef NO_ENDWORK
  if :: watch[on(t_, h_)] == RESTARTS -> watch[on(t_, h_)] = 0 :: else fi;
  if :: asked[slot(t_, 0, h_)] == step(switch_, 1) || asked[slot(t_, 0, h_)] == step(switch_, 2) ||
     asked[slot(t_, 0, h_)] == step(warm, 1) || asked[slot(t_, 0, h_)] == step(cool, 1) -> asked[slot(t_, 0, h_)] = 0 :: else fi
#else
  skip
#endif
}

/* Every script has read the number of its own epoch: it gives back no other. */
inline release_lock(t_, h_) { if :: holder[h_] == t_ + 1 -> holder[h_] = 0 :: else fi }

inline goback(t_, h_) {
  if
  :: serves(t_, h_) && back[on(t_, h_)] == THERE ->
#ifndef OWN_WAY_BACK_TAKEN_UP /* it breaks exit_0, too */
    promise(repair_goes_forward, !overtaken[on(t_, h_)]);
#endif
    current[h_] = old[on(t_, h_)]; back[on(t_, h_)] = NONE; printf("h%d: tx%d goes back\n", h_ + 1, t_)
  :: else
  fi
}

/* stage lists the transactions before it asks its fence. */
#if defined(SLEEPERS) && !defined(LISTED_LATE)
#define LISTED(t, u, h) (!in(since[on(u, h)], t))
#else
#define LISTED(t, u, h) true
#endif
inline list(t_, h_) {
#ifdef SLEEPERS
  u = 0; do :: u < T -> since[on(u, h_)] = since[on(u, h_)] & (255 - (1 << t_)); u++ :: else -> break od
#else
  skip
#endif
}
inline note_sleepers(t_, h_) {
#ifdef SLEEPERS
  since[on(t_, h_)] = 0; u = 0;
  do
  :: u < T -> if :: u != t_ && (asked[slot(u, 0, h_)] == step(stage, 1) || asked[slot(u, 1, h_)] == step(stage, 1)) -> since[on(t_, h_)] = since[on(t_, h_)] | (1 << u) :: else fi; u++
  :: else -> break
  od
#else
  skip
#endif
}

inline answer(a) {
  printf("h%d answers tx%d, %e: %d\n", h + 1, t, k % 64, 2 - a); said[i] = a; asked[i] = 0
}

#ifdef NO_SWITCH
#define FIRES false
#else
#define FIRES true
#endif

/* One host: its sshd, its scripts, its switches, its power. */
proctype Host(byte h) {
  byte t, i, k, u;
end:
  do
  :: atomic {
      if
      :: asked[slot(0, 0, h)] -> t = 0; i = slot(0, 0, h)
      :: asked[slot(0, 1, h)] -> t = 0; i = slot(0, 1, h)
#if (DEPLOYS + REPAIRS) > 1
      :: asked[slot(1, 0, h)] -> t = 1; i = slot(1, 0, h)
      :: asked[slot(1, 1, h)] -> t = 1; i = slot(1, 1, h)
#endif
#if (DEPLOYS + REPAIRS) > 2
      :: asked[slot(2, 0, h)] -> t = 2; i = slot(2, 0, h)
      :: asked[slot(2, 1, h)] -> t = 2; i = slot(2, 1, h)
#endif
#if (DEPLOYS + REPAIRS) > 3
      :: asked[slot(3, 0, h)] -> t = 3; i = slot(3, 0, h)
      :: asked[slot(3, 1, h)] -> t = 3; i = slot(3, 1, h)
#endif
      fi;
      d_step {
#ifdef SAMPLE
      did++;
#endif
      k = asked[i]; printf("h%d does tx%d, %e, step %d\n", h + 1, t, k % 64, k / 64);
      if
      :: k == lock_and_stage || k == lock ->
        if
        :: holder[h] == t + 1 || (holder[h] != 0 && !over(holder[h] - 1)) -> answer(NO)
        :: else ->
          u = 0; do :: u < T -> if :: t < DEPLOYS && doubtful(u, h) -> break :: else -> u++ fi :: else -> break od;
          if
          :: u < T -> answer(NO)
          :: else -> holder[h] = t + 1; locking[h] = 1; asked[i] = step(k, 1); printf("h%d: tx%d locks\n", h + 1, t)
          fi
        fi
      :: k == step(lock_and_stage, 1) || k == step(lock, 1) ->
        if
        :: holder[h] != t + 1 -> answer(NO)
        :: else ->
          locking[h] = 0;
          if
          :: t < DEPLOYS && current[h] != planned[on(t, h)] -> holder[h] = 0; printf("h%d: tx%d ends\n", h + 1, t); answer(NO)
          :: else ->
            u = 0; do
            :: u < T ->
#ifndef NO_CALLOFF
              if :: u != t && outcome[on(u, h)] == UNDECIDED -> calloff(u, h) :: else fi;
#endif
              u++
            :: else -> break od;
            u = 0; do :: u < T -> if :: t < DEPLOYS && doubtful(u, h) -> break :: else -> u++ fi :: else -> break od;
            if
            :: u < T -> holder[h] = 0; printf("h%d: tx%d ends\n", h + 1, t); answer(NO)
            :: else ->
              u = 0; do
              :: u < T ->
                if
                :: u != t && way[on(u, h)] != NONE && !doubtful(u, h) && !unserved(u, h) && SWEEPS(u, h) -> endwork(u, h); forget(u, h)
                :: u != t && way[on(u, h)] == NONE -> forget(u, h)
                :: else
                fi; u++
              :: else -> break od;
              printf("h%d: tx%d sweeps\n", h + 1, t);
              if :: k == step(lock_and_stage, 1) -> asked[i] = stage :: else -> answer(YES) fi
            fi
          fi
        fi
      :: k == rename_ ->
        if
        :: !line[on(t, h)] -> answer(NO)
        :: line[on(t, h)] ->
        if
        :: way[on(t, h)] == STAGED || way[on(t, h)] == ARMED ->
          promise(barrier, (sealed[t] & members[t]) == members[t] && (t >= DEPLOYS || members[t] == ALL));
          promise(late_word, !late[on(t, h)]);
          promise(fence, holder[h] == t + 1 || locking[h]);
          promise(repair_stays, !settled || serves(t, h));
          way[on(t, h)] = TOOK; current[h] = next[t]; printf("h%d: tx%d swaps\n", h + 1, t); answer(YES)
        :: way[on(t, h)] == TOOK -> answer(YES)
        :: else -> answer(NO)
        fi
        fi
      :: k < 64 && k != lock && k != lock_and_stage && k != rename_ ->
#ifndef SLEEPERS
        /* What has passed its fence is done before links are made after it, by this run or by another one, which has locked all hosts meanwhile. */
        u = 0; do
        :: u < T && k == stage -> if :: asked[slot(u, 0, h)] > 64 || asked[slot(u, 1, h)] > 64 || (i == slot(t, 1, h) && asked[slot(t, 0, h)]) -> break :: else -> u++ fi
        :: else -> u = T; break
        od;
#else
        u = T;
#endif
        if
        :: u < T -> skip
#ifndef NO_FENCE
        :: holder[h] != t + 1 -> answer(NO)
        :: else -> if :: k == stage -> list(t, h) :: else fi; asked[i] = step(k, 1)
#else
        :: true -> asked[i] = step(k, 1)
#endif
        fi
      :: k == step(stage, 1) ->
        if
        :: current[h] != planned[on(t, h)] -> answer(NO)
        :: else ->
          u = 0; do
          :: u < T ->
            if
            :: LISTED(t, u, h) ->
#ifndef NO_BACKASIDE
              if :: back[on(u, h)] == THERE -> back[on(u, h)] = AWAY :: else fi;
#endif
              if :: next[t] != current[h] -> endwork(u, h) :: else fi
            :: else
            fi; u++
          :: else -> break od;
          note_sleepers(t, h);
          printf("h%d: tx%d lays\n", h + 1, t);
          way[on(t, h)] = STAGED; back[on(t, h)] = THERE; outcome[on(t, h)] = UNDECIDED; old[on(t, h)] = current[h];
          watch[on(t, h)] = 0; late[on(t, h)] = 0; overtaken[on(t, h)] = 0; line[on(t, h)] = 0; if :: holder[h] == t + 1 -> stager[h] = t + 1 :: else fi; sealed[t] = sealed[t] | (1 << h);
#ifdef WARM
          owed[on(t, h)] = 1;
#endif
          answer(YES)
        fi
      :: k == step(arm, 1) ->
        if
        :: way[on(t, h)] == STAGED && current[h] == old[on(t, h)] ->
          way[on(t, h)] = ARMED; line[on(t, h)] = 1; printf("h%d: tx%d arms\n", h + 1, t);
          watch[on(t, h)] = WATCHES;
          answer(YES)
        :: else -> answer(NO)
        fi
#ifdef WARM
      :: k == step(warm, 1) -> running[h] = running[h] | (1 << next[t]); answer(YES)
      :: k == step(switch_, 1) ->
        if
        :: outcome[on(t, h)] == UNDECIDED && serves(t, h) && back[on(t, h)] == THERE -> asked[i] = step(switch_, 2)
        :: else -> answer(NO)
        fi
      :: k == step(switch_, 2) ->
        u = 0; do
        :: u < HOSTS ->
          promise(second_barrier, !in(members[t], u) || rebooted[u] || (running[u] >> next[t]) & 1);
          u++
        :: else -> break od;
        running[h] = running[h] | (1 << next[t]); traffic[h] = next[t]; answer(YES)
      :: k == step(cool, 1) ->
        u = 0; do
        :: u < HOSTS -> promise(old_runs_on, !in(members[t], u) || outcome[on(t, u)] == CONFIRMED || outcome[on(t, u)] == NONE); u++
        :: else -> break od;
        running[h] = (1 << next[t]) | (1 << traffic[h]); answer(YES)
      :: k == step(cool_left, 1) -> running[h] = (1 << current[h]) | (1 << traffic[h]); answer(YES)
      :: k == step(restore, 3) ->
        if
        :: holder[h] != t + 1 -> answer(NO)
        :: else ->
          promise(way_back_is_a_switch, rebooted[h] || (running[h] >> current[h]) & 1);
          traffic[h] = current[h]; owed[on(ends[t], h)] = 0; running[h] = running[h] | (1 << current[h]); answer(YES)
        fi
#endif
      :: k == step(confirm, 1) ->
        if
        :: !serves(t, h) && outcome[on(t, h)] != REVERTED -> answer(NO)
#ifdef OVERWRITE
        :: else ->
          if :: outcome[on(t, h)] != CONFIRMED -> printf("h%d: tx%d is confirmed\n", h + 1, t) :: else fi;
          outcome[on(t, h)] = CONFIRMED; asked[i] = step(confirm, 2)
#else
        :: else ->
          if :: outcome[on(t, h)] == UNDECIDED -> outcome[on(t, h)] = CONFIRMED; printf("h%d: tx%d is confirmed\n", h + 1, t) :: else fi;
          if :: outcome[on(t, h)] == CONFIRMED -> asked[i] = step(confirm, 2) :: else -> answer(NO) fi
#endif
        fi
      :: k == step(confirm, 2) ->
        printf("h%d: tx%d is recorded\n", h + 1, t); number[h] = seq[t]; record[h] = t + 1;
        u = 0; do
        :: u < T -> if :: u != t && stager[h] == t + 1 && way[on(u, h)] == TOOK && back[on(u, h)] != NONE -> overtaken[on(u, h)] = 1 :: else fi; u++
        :: else -> break
        od;
        answer(YES)
      :: k == step(restore, 1) ->
        u = ends[t]; endwork(u, h); calloff(u, h);
#ifdef OWN_WAY_BACK_TAKEN_UP
        if :: back[on(u, h)] == AWAY -> back[on(u, h)] = THERE :: else fi;
#else
        if :: u != t && back[on(u, h)] == AWAY -> back[on(u, h)] = THERE :: else fi;
#endif
        if :: outcome[on(u, h)] == UNDECIDED -> outcome[on(u, h)] = REVERTED; printf("h%d: tx%d is reverted\n", h + 1, u) :: else fi;
        if :: outcome[on(u, h)] == CONFIRMED -> answer(NO) :: else -> asked[i] = step(restore, 2) fi
      :: k == step(restore, 2) ->
        u = ends[t]; promise(repair_stays, !settled || !serves(u, h) || back[on(u, h)] != THERE || old[on(u, h)] == next[u]); goback(u, h);
        if
        :: current[h] != planned[on(t, h)] -> answer(NO)
        :: else ->
#ifdef WARM
          asked[i] = step(restore, 3)
#else
          answer(YES)
#endif
        fi
      :: k == step(finish, 1) ->
        printf("h%d: tx%d ends\n", h + 1, t); number[h] = seq[t]; record[h] = t + 1; way[on(t, h)] = NONE; back[on(t, h)] = NONE; watch[on(t, h)] = 0;
        old[on(t, h)] = 0;
#ifdef WARM
        owed[on(t, h)] = 0;
#endif
        release_lock(t, h); if :: serves(t, h) -> answer(YES) :: else -> answer(NO) fi
      :: k == step(abandon, 1) ->
        /* who was not put back has another plan: what is owed on it waits for the next round */
        u = ends[t]; printf("h%d: tx%d ends\n", h + 1, u); if :: u == t || !unserved(u, h) -> forget(u, h) :: else fi; forget(t, h); release_lock(t, h); answer(YES)
      :: k == step(discard, 1) ->
        endwork(t, h); calloff(t, h);
        if
        :: way[on(t, h)] == TOOK && outcome[on(t, h)] == UNDECIDED -> answer(NO)
        :: else -> forget(t, h); release_lock(t, h); printf("h%d: tx%d ends\n", h + 1, t); answer(YES)
        fi
      :: k == step(settle_confirmed, 1) ->
        u = ends[t];
        if :: outcome[on(u, h)] == UNDECIDED -> outcome[on(u, h)] = CONFIRMED; printf("h%d: tx%d is confirmed\n", h + 1, u) :: else fi;
        if :: outcome[on(u, h)] == CONFIRMED -> answer(YES) :: else -> answer(NO) fi
      :: k == step(settle_reverted, 1) ->
        u = ends[t]; calloff(u, h);
#ifndef SETTLED_WAY_BACK_STAYS
        back[on(u, h)] = NONE;
#endif
        if :: outcome[on(u, h)] == UNDECIDED -> outcome[on(u, h)] = REVERTED; printf("h%d: tx%d is reverted\n", h + 1, u) :: else fi;
        if :: outcome[on(u, h)] == REVERTED -> answer(YES) :: else -> answer(NO) fi
      :: k == step(record_fleet, 1) -> number[h] = seq[t]; record[h] = ends[t]; release_lock(t, h); forget(t, h); answer(YES)
      fi;
      t = 0; i = 0; k = 0; u = 0
      }
    }
  :: atomic { /* the dead-man's switch, and the deadline */
      if
      :: fires(0) && watch[on(0, h)] -> t = 0
#if (DEPLOYS + REPAIRS) > 1
      :: fires(1) && watch[on(1, h)] -> t = 1
#endif
#if (DEPLOYS + REPAIRS) > 2
      :: fires(2) && watch[on(2, h)] -> t = 2
#endif
      fi;
      printf("h%d switch of tx%d\n", h + 1, t);
      if
#ifndef NO_DEADLINE
      :: watch[on(t, h)] == WATCHES && way[on(t, h)] == ARMED -> calloff(t, h)
#endif
      :: FIRES && watch[on(t, h)] == WATCHES && way[on(t, h)] == TOOK && outcome[on(t, h)] == UNDECIDED ->
        outcome[on(t, h)] = REVERTED; watch[on(t, h)] = GOES_BACK; printf("h%d: tx%d is reverted\n", h + 1, t)
      :: watch[on(t, h)] == WATCHES && (way[on(t, h)] == ASIDE || outcome[on(t, h)] != UNDECIDED) -> watch[on(t, h)] = 0
      :: watch[on(t, h)] == GOES_BACK ->
        promise(register, outcome[on(t, h)] == REVERTED);
        if
        :: serves(t, h) && back[on(t, h)] == THERE ->
          promise(way_back_is_ours, stager[h] == t + 1);
          promise(repair_stays, !settled || old[on(t, h)] == next[t])
        :: else
        fi;
        goback(t, h);
#ifdef WARM
        if :: !serves(t, h) && back[on(t, h)] == NONE -> endwork(t, h); watch[on(t, h)] = RESTARTS :: else -> watch[on(t, h)] = 0 fi
      :: watch[on(t, h)] == RESTARTS ->
        promise(way_back_is_a_switch, rebooted[h] || (running[h] >> current[h]) & 1);
        running[h] = running[h] | (1 << old[on(t, h)]); traffic[h] = old[on(t, h)]; owed[on(t, h)] = 0; watch[on(t, h)] = 0
#else
        watch[on(t, h)] = 0
#endif
      :: else
      fi;
      t = 0
    }
#if REBOOTS
  :: d_step { reboots && !settled && !last && may_reboot(h) -> /* nobody reboots while the last repair works */
      printf("h%d reboots\n", h + 1);
      reboots--; rebooted[h] = 1; locking[h] = 0; t = 0;
      do
      :: t < T ->
        asked[slot(t, 0, h)] = 0; asked[slot(t, 1, h)] = 0; watch[on(t, h)] = 0; line[on(t, h)] = 0;
#ifdef RESOLVER
        if
        :: way[on(t, h)] == TOOK && outcome[on(t, h)] == UNDECIDED -> watch[on(t, h)] = WATCHES
        :: way[on(t, h)] == TOOK && outcome[on(t, h)] == REVERTED && serves(t, h) && back[on(t, h)] == THERE ->
          watch[on(t, h)] = GOES_BACK
        :: else
        fi;
#endif
        t++
      :: else -> break od;
#ifdef WARM
      traffic[h] = current[h]; running[h] = 1 << current[h];
#endif
      t = 0
    }
#endif
  od
}

/*
 * What a clock does. A lock is taken over when its holder was not heard of for 60 s; by then every script of its has ended, its
 * deadline (20 s) and its lease (15 s) are over, and whatever they set off has been done.
 */
#define waits(t, h) (watch[on(t, h)] >= GOES_BACK || (watch[on(t, h)] == WATCHES && (PENDING(t, h) || \
  (FIRES && way[on(t, h)] == TOOK && outcome[on(t, h)] == UNDECIDED))) || asked[slot(t, 0, h)] >= 64 || asked[slot(t, 1, h)] >= 64)
#ifdef NO_DEADLINE
#define PENDING(t, h) false
#else
#define PENDING(t, h) way[on(t, h)] == ARMED
#endif
#ifdef PAUSES
#define unheard(t) (!silent[t] && (dead[t] || flaky(t)))
#else
#define unheard(t) (!silent[t] && dead[t])
#endif
proctype Clock(byte t) {
  byte h;
end:
  do
  :: d_step {
      unheard(t) && !waits(t, 0) && !waits(t, 1) && !waits(t, HOSTS - 1) ->
      printf("tx%d silent\n", t); silent[t] = 1;
      do
      :: h < HOSTS ->
        if
        :: way[on(t, h)] == ARMED -> late[on(t, h)] = 1
        :: else
        fi;
        if
        :: asked[slot(t, 0, h)] == lock_and_stage || asked[slot(t, 0, h)] == lock -> asked[slot(t, 0, h)] = 0
        :: else
        fi;
#ifdef RESOLVER
        promise(dead_mans_switch, !(holder[h] == t + 1 && way[on(t, h)] == TOOK && outcome[on(t, h)] != CONFIRMED &&
                                    serves(t, h) && old[on(t, h)] != next[t]));
#else
        promise(dead_mans_switch, rebooted[h] || !(holder[h] == t + 1 && way[on(t, h)] == TOOK &&
                                    outcome[on(t, h)] != CONFIRMED && serves(t, h) && old[on(t, h)] != next[t]));
#endif
        h++
      :: else -> break od;
      h = 0
    }
  od
}

/* Posts a script to hosts and waits for what they say: `yes` are those that did it; who is not in it refused, or was not heard. */
inline ask(s, k, set) {
  d_step {
    printf("tx%d asks %e of %d\n", t, k, set);
    sent = 0; h = 0;
    do
    :: h < HOSTS ->
      if
      :: in(set, h) && asked[slot(t, s, h)] == 0 -> said[slot(t, s, h)] = 0; asked[slot(t, s, h)] = k; sent = sent | (1 << h)
      :: else
      fi; h++
    :: else -> break od; h = 0
  }
  if
  :: d_step {
      loses(t) || (asked[slot(t, s, 0)] == 0 && asked[slot(t, s, 1)] == 0 && asked[slot(t, s, HOSTS - 1)] == 0) ->
      yes = 0; h = 0;
      do
      :: h < HOSTS ->
        if
        :: in(sent, h) && asked[slot(t, s, h)] == 0 && said[slot(t, s, h)] == YES -> yes = yes | (1 << h)
        :: else
        fi; said[slot(t, s, h)] = 0; h++
      :: else -> break od; h = 0; sent = 0; printf("tx%d heard %e of %d\n", t, k, yes)
    }
  :: dies(t) -> printf("tx%d dies\n", t); goto over
  fi
}

/* Throws away what was prepared: exit 3. */
inline discard_all() {
#ifdef WARM
  ask(1, cool_left, members[t]);
#endif
  ask(1, discard, members[t]);
  d_step {
    printf("tx%d exits with 3\n", t);
    h = 0; do
    :: h < HOSTS -> promise(exit_3, way[on(t, h)] != TOOK); h++
    :: else -> break od; h = 0
  }
}

/* Puts all hosts back, and ends the transaction where all are back: exit 5, else 6. */
inline restore_all() {
  ask(1, restore, members[t]);
#ifdef LOST_IS_DONE
  yes = members[t];
#endif
  if
  :: yes == members[t] ->
    d_step {
      printf("tx%d exits with 5\n", t); h = 0; do
      :: h < HOSTS -> promise(exit_5, !in(members[t], h) || current[h] == planned[on(t, h)] || stager[h] != t + 1); h++
      :: else -> break od; h = 0
    };
#ifdef WARM
    ask(1, cool_left, members[t]);
#endif
    ask(1, abandon, members[t])
  :: else
  fi
}

/* From the links to the end, as execute walks it. */
inline transact() {
#ifdef WARM
  ask(0, warm, members[t]);
  if :: yes != members[t] -> discard_all(); goto ended :: else fi;
#endif
#ifdef BATCHES
  batch = 1;
#else
  batch = members[t];
#endif
  do
  :: batch & members[t] ->
    ask(0, arm, batch & members[t]);
    if
    :: yes != (batch & members[t]) && (batch & 1) -> discard_all(); goto ended
    :: yes != (batch & members[t]) && !(batch & 1) -> goto broken
    :: else
    fi;
    ask(0, rename_, batch & members[t]);
    if :: yes != (batch & members[t]) -> goto broken :: else fi;
#ifdef WARM
    ask(0, switch_, batch & members[t]);
    if :: yes != (batch & members[t]) -> goto broken :: else fi;
#endif
    if :: true :: flaky(t) -> goto broken fi; /* health, stillSwapped */
#ifdef BATCHES
    batch = batch << 1
#else
    batch = 0
#endif
  :: else -> break
  od;
  batch = 0;
  /* ping, and look where there are batches */
  d_step {
    yes = 0; h = 0; do
    :: h < HOSTS -> if :: holder[h] == t + 1 && (BATCH_LOOK || serves(t, h)) -> yes = yes | (1 << h) :: else fi; h++
    :: else -> break od; h = 0
  };
  if :: (yes & members[t]) != members[t] || loses(t) -> goto broken :: (yes & members[t]) == members[t] fi;
#ifdef COOL_EARLY
  ask(0, cool, members[t]);
#endif
  ask(0, confirm, members[t]);
  conf = yes;
  if
  :: conf == 0 -> goto broken
  :: conf != 0 && conf != members[t] ->
    /* brings forward who had put itself back */
    d_step {
      need = 0; h = 0; do
      :: h < HOSTS -> if :: in(members[t] - conf, h) && !serves(t, h) -> need = need | (1 << h) :: else fi; h++
      :: else -> break od; h = 0
    };
    if
    :: need != 0 ->
      ask(1, stage, need); if :: yes != need -> goto ended :: else fi;
      ask(1, arm, need); if :: yes != need -> goto ended :: else fi;
      ask(1, rename_, need); if :: yes != need -> goto ended :: else fi;
#ifdef WARM
      ask(1, switch_, need); if :: yes != need -> goto ended :: else fi;
#endif
      need = 0
    :: else
    fi;
    ask(1, confirm, members[t] - conf);
#ifndef LOST_IS_DONE
    if :: yes != members[t] - conf -> goto ended :: else fi
#endif
  :: else
  fi;
#ifdef WARM
  ask(0, cool, members[t]);
#endif
  ask(0, finish, members[t]);
  d_step {
    if
    :: yes == members[t] ->
      printf("tx%d exits with 0\n", t);
      h = 0; do
      :: h < HOSTS ->
        promise(exit_0, !in(members[t], h) || stager[h] != t + 1 ||
                        (serves(t, h) && (outcome[on(t, h)] == CONFIRMED || outcome[on(t, h)] == NONE)));
        h++
      :: else -> break od; h = 0; done = 1
    :: else
    fi
  };
  goto ended;
broken:
  batch = 0;
  restore_all()
}

#define locals byte h, yes, sent, conf, need, batch; bit done
#define clean() yes = 0; sent = 0; conf = 0; need = 0; batch = 0; done = 0; h = 0

proctype Deploy(byte t) {
  locals;
  d_step {
    next[t] = t + 1; ends[t] = t; members[t] = ALL; h = 0;
    do
    :: h < HOSTS ->
      planned[on(t, h)] = current[h];
      if :: number[h] >= seq[t] -> seq[t] = number[h] + 1 :: else fi;
      if :: (holder[h] != 0 && !over(holder[h] - 1)) -> yes = 1 :: else fi; h++
    :: else -> break od; h = 0
  };
  if :: yes -> goto over :: else fi;
  ask(0, lock_and_stage, ALL);
#ifdef SWAP_BEFORE_ALL_STAGED
  if :: yes == 0 -> discard_all(); goto over :: else -> members[t] = yes fi;
#else
  if :: yes != ALL -> discard_all(); goto over :: else fi;
#endif
  transact();
ended:
over:
  atomic { clean(); printf("tx%d is over\n", t); dead[t] = 1 }
}

#define READY (dead[0] && silent[0] && (T < 3 || (dead[1] && silent[1])) && (T < 4 || (dead[T - 2] && silent[T - 2])))
#define BEFORE(t) (over(0) && (DEPLOYS < 2 || over(1)) && (t == DEPLOYS || dead[t - 1]))

/* Whether a swap was confirmed may be known by a host that is away. */
#ifdef REPAIR_GUESSES
#define MAY_PUT_BACK true
#else
#define MAY_PUT_BACK (there == ALL || given)
#endif

/* Reads the hosts that are there, decides as state/decide-repair does, does one thing, and reads again. */
proctype Repair(byte t) {
  locals;
  byte u, there, confirmed, doubts, release, rounds;
  bit final = (t == T - 1);
  atomic { (final -> READY : BEFORE(t)) -> if :: final -> last = 1 :: else fi };
#ifdef GIVE_UP
  atomic {
    if :: final -> there = ALL :: !final -> if :: there = ALL - 1 :: there = ALL - 2 fi; given = ALL - there fi
  };
#else
  if :: there = ALL :: flaky(t) -> there = ALL - 1 :: flaky(t) -> there = ALL - 2 fi;
#endif
again:
  skip;
  d_step {
    yes = 0; h = 0; seq[t] = 0; ends[t] = t; release = 0; members[t] = there; doubts = 0; need = 0; done = 0; u = 0; batch = 0; sealed[t] = 0;
    do
    :: h < HOSTS ->
      if
      :: in(there, h) ->
        /* what an earlier round has ended, and left its lock */
        if :: way[on(t, h)] == NONE -> forget(t, h) :: else fi;
        release_lock(t, h);
        planned[on(t, h)] = current[h];
        if
        :: number[h] + 1 > seq[t] || (number[h] + 1 == seq[t] && in(given, h)) ->
          seq[t] = number[h] + 1; conf = record[h]; if :: conf == 0 -> release = 0 :: else -> release = next[conf - 1] fi
        :: else
        fi;
        if :: holder[h] != 0 && !over(holder[h] - 1) -> yes = 1 :: else fi
      :: else
      fi; h++
    :: else -> break od; h = 0;
    /* a swap in doubt that no host confirmed */
    do
    :: u < T ->
      confirmed = 0; doubts = 0; h = 0;
      do
      :: h < HOSTS ->
        if
        :: in(there, h) ->
          if :: doubtful(u, h) -> doubts = doubts | (1 << h) :: else fi;
          if :: outcome[on(u, h)] == CONFIRMED || record[h] == u + 1 -> confirmed = 1 :: else fi
        :: else
        fi; h++
      :: else -> break od; h = 0;
#ifdef REPAIR_FORGETS_CONFIRMED
      confirmed = 0;
#endif
      if :: doubts && !confirmed -> break :: else -> doubts = 0; confirmed = 0; u++ fi
    :: else -> break od;
    if
    :: u < T -> ends[t] = u; need = 1
    :: else ->
      doubts = 0; u = 0; ends[t] = t; h = 0;
      do
      :: h < HOSTS ->
        if :: in(there, h) && current[h] != release -> need = 2 :: else fi;
        u = 0; do
        :: u < T -> if :: in(there, h) && doubtful(u, h) -> need = 2; ends[t] = u :: else fi; u++
        :: else -> break od; h++
      :: else -> break od; h = 0; u = 0;
      if
      :: need == 2 && ends[t] != t ->
        conf = 0; /* who swapped and has not decided: it is confirmed there, too */
        do
        :: h < HOSTS ->
          if :: in(there, h) && doubtful(ends[t], h) -> doubts = doubts | (1 << h) :: else fi;
          if :: outcome[on(ends[t], h)] == UNDECIDED && serves(ends[t], h) -> conf = conf | (1 << h) :: else fi; h++
        :: else -> break od; h = 0
      :: need == 0 ->
        do
        :: h < HOSTS ->
          u = 0; do
          :: u < T ->
            if :: in(there, h) && (holder[h] || way[on(u, h)] != NONE && way[on(u, h)] != TOOK) -> if :: need == 0 -> need = 3 :: else fi :: else fi;
#ifdef WARM
            if :: in(there, h) && running[h] != 1 << current[h] && need == 0 -> need = 3 :: else fi;
#endif
            if :: in(there, h) && unserved(u, h) -> need = 1; ends[t] = u :: else fi; u++
          :: else -> break od; h++
        :: else -> break od; h = 0; u = 0;
        if
        :: need == 1 ->
          do
          :: h < HOSTS -> if :: in(there, h) && unserved(ends[t], h) -> doubts = doubts | (1 << h) :: else fi; h++
          :: else -> break od; h = 0
        :: else
        fi
      :: else
      fi
    fi;
    do
    :: h < HOSTS && need == 1 && MAY_PUT_BACK ->
      promise(repair_goes_forward, in(given, h) || ends[t] == t || !(outcome[on(ends[t], h)] == CONFIRMED) || unserved(ends[t], HOSTS - 1 - h));
      h++
    :: else -> break od; h = 0;
    u = 0; confirmed = 0; printf("tx%d decides %d, of tx%d, to %d\n", t, need, ends[t], release)
  };
  if :: yes -> goto over :: else fi;
  if
  :: need == 0 ->
#ifdef GIVE_UP
    if
    :: !final && kept == 255 ->
      d_step {
        ends[t] = conf; h = 0; do :: h < HOSTS -> if :: number[h] >= 0 && in(there, h) -> kept = current[h] :: else fi; h++ :: else -> break od; h = 0;
#ifndef GIVE_UP_BY_ONE
        seq[t] = seq[t] + 1;
#endif
      };
      ask(0, lock, members[t]); if :: yes != members[t] -> kept = 255; goto over :: else fi;
      ask(0, record_fleet, members[t]); if :: yes != members[t] -> kept = 255; goto over :: else fi
    :: else
    fi;
#endif
    d_step {
      if
      :: final ->
        promise(given_up_moves_nobody, kept == 255 || current[0] == kept);
        h = 0; do
        :: h < HOSTS ->
          promise(repair_ends, current[h] == current[0] && holder[h] == 0);
#ifdef WARM
          promise(repair_ends, traffic[h] == current[h] && running[h] == (1 << current[h]));
#endif
          h++
        :: else -> break od; h = 0;
        settled = 1
      :: else
      fi
    };
    goto over
  :: need == 1 && !MAY_PUT_BACK -> goto over
  :: need == 1 && MAY_PUT_BACK ->
    ask(0, lock, members[t]); if :: yes != members[t] -> goto undo :: else fi;
    /* what they are to become: what they served before */
    d_step {
      h = 0; do :: h < HOSTS -> if :: in(doubts, h) -> planned[on(t, h)] = old[on(ends[t], h)] :: else fi; h++ :: else -> break od; h = 0
    };
    ask(0, restore, doubts);
    if :: yes != doubts -> goto ended :: else fi;
#ifdef WARM
    ask(0, cool_left, members[t]);
#endif
    ask(0, abandon, members[t])
  :: need == 2 ->
    next[t] = release;
    ask(0, lock, members[t]); if :: yes != members[t] -> goto undo :: else fi;
    if
    :: doubts ->
      d_step {
        sent = doubts; h = 0; do
        :: h < HOSTS ->
          if
          :: in(doubts, h) && asked[slot(t, 0, h)] == 0 ->
            said[slot(t, 0, h)] = 0;
            asked[slot(t, 0, h)] = (in(conf, h) -> settle_confirmed : settle_reverted)
          :: else
          fi; h++
        :: else -> break od; h = 0
      };
      if
      :: atomic {
          loses(t) || (asked[slot(t, 0, 0)] == 0 && asked[slot(t, 0, HOSTS - 1)] == 0) ->
          yes = 0; h = 0; do
          :: h < HOSTS -> if :: in(sent, h) && asked[slot(t, 0, h)] == 0 && said[slot(t, 0, h)] == YES -> yes = yes | (1 << h) :: else fi; h++
          :: else -> break od; h = 0; sent = 0
        }
      :: dies(t) -> goto over
      fi;
      if :: yes != doubts -> goto undo :: else fi;
    :: else
    fi;
    ends[t] = t;
    ask(0, stage, members[t]); if :: yes != members[t] -> goto undo :: else fi;
    transact();
  :: need == 3 ->
    ask(0, lock, members[t]);
    goto undo
  fi;
  goto next_round;
undo:
  ends[t] = t;
  discard_all();
next_round:
ended:
  if :: final -> rounds++; promise(repair_ends, rounds < ROUNDS); goto again :: else fi;
over:
  atomic {
    clean(); promise(repair_ends, !final || settled); u = 0; there = 0; confirmed = 0; doubts = 0; release = 0; rounds = 0; dead[t] = 1
  }
}
init {
  byte n;
  atomic {
#ifdef WARM
    do :: n < HOSTS -> running[n] = 1; n++ :: else -> break od; n = 0;
#endif
    do :: n < HOSTS -> run Host(n); n++ :: else -> break od;
    n = 0; do :: n < T -> run Clock(n); n++ :: else -> break od;
    n = 0; do :: n < DEPLOYS -> run Deploy(n); n++ :: else -> break od;
    do :: n < T -> run Repair(n); n++ :: else -> break od; n = 0
  }
}
