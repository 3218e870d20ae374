#!/usr/bin/env bash
# A Slurm cluster of this machine alone, for tests: real daemons on free ports, with everything in one folder.
#
#   Scripts/slurm-cluster.sh start FOLDER   starts it; export SLURM_CONF=FOLDER/slurm.conf uses it
#   Scripts/slurm-cluster.sh stop FOLDER    ends its jobs and its daemons
#
# The partition "low" is the default, and "high" takes its place: a job there requeues one in "low". Needs Debian's slurm-wlm and
# munge, and root.
set -euo pipefail

usage() { sed -n '2,8s/^# \{0,1\}//p' "$0" >&2; exit 64; }
[ $# -eq 2 ] || usage
action=$1 folder=$2

free_port() {
  python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

start_munge() {
  if munge -n > /dev/null 2>&1; then return; fi
  if [ ! -s /etc/munge/munge.key ]; then
    dd if=/dev/urandom of=/etc/munge/munge.key bs=1024 count=1 status=none
  fi
  chown munge:munge /etc/munge/munge.key
  chmod 400 /etc/munge/munge.key
  install -d -o munge -g munge -m 755 /run/munge
  install -d -o munge -g munge -m 700 /var/log/munge /var/lib/munge
  # Unlike Slurm's, this daemon keeps the files that it inherits, and whoever waits for their end would wait for the daemon's.
  (
    for file in /proc/self/fd/*; do
      if [ "${file##*/}" -gt 2 ]; then eval "exec ${file##*/}>&-"; fi
    done
    exec su -s /bin/sh munge -c /usr/sbin/munged
  ) < /dev/null > /dev/null 2>&1
  for _ in $(seq 50); do
    if munge -n > /dev/null 2>&1; then return; fi
    sleep 0.1
  done
  echo "munge does not answer" >&2
  exit 69
}

start() {
  for program in slurmctld slurmd sbatch munged; do
    command -v "$program" > /dev/null || { echo "$program is not installed" >&2; exit 69; }
  done
  [ "$(id -u)" -eq 0 ] || { echo "the daemons of a cluster are started by root" >&2; exit 69; }
  mkdir -p "$folder"/{state,spool}
  folder=$(cd "$folder" && pwd)
  start_munge
  local host cores
  host=$(hostname -s)
  cores=$(nproc)
  cat > "$folder/slurm.conf" << CONF
ClusterName=test
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
# A requeued job starts again when the credential of its last start has expired.
AuthInfo=cred_expire=5
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.pid
SlurmctldLogFile=$folder/slurmctld.log
SlurmdLogFile=$folder/slurmd.log
SlurmctldPort=$(free_port)
SlurmdPort=$(free_port)
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerParameters=batch_sched_delay=0,sched_min_interval=0,bf_interval=1
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/filetxt
JobCompLoc=$folder/jobcomp
ReturnToService=2
KillWait=5
MinJobAge=600
InactiveLimit=0
MessageTimeout=10
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
NodeName=$host NodeAddr=127.0.0.1 CPUs=$cores RealMemory=4000 State=UNKNOWN
PartitionName=low Nodes=$host Default=YES MaxTime=INFINITE State=UP PriorityTier=1 PreemptMode=REQUEUE
PartitionName=high Nodes=$host MaxTime=INFINITE State=UP PriorityTier=10 PreemptMode=OFF
CONF
  : > "$folder/jobcomp"
  export SLURM_CONF=$folder/slurm.conf
  slurmctld -f "$SLURM_CONF"
  slurmd -f "$SLURM_CONF"
  for _ in $(seq 100); do
    case "$(sinfo --noheader --format=%t 2> /dev/null | head -1)" in idle | mix | alloc) return ;; esac
    sleep 0.1
  done
  echo "the cluster does not come up; see $folder/slurmctld.log" >&2
  exit 69
}

stop() {
  export SLURM_CONF=$folder/slurm.conf
  [ -f "$SLURM_CONF" ] || { echo "no cluster is in $folder" >&2; exit 66; }
  timeout 10 scancel --quiet --user="$(id -un)" 2> /dev/null || true
  for daemon in slurmctld slurmd; do
    if [ -s "$folder/$daemon.pid" ]; then kill "$(cat "$folder/$daemon.pid")" 2> /dev/null || true; fi
  done
}

case "$action" in
  start) start ;;
  stop) stop ;;
  *) usage ;;
esac
