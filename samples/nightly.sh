#!/bin/sh
# Runs a job by night and says what to do in the morning:  nightly.sh job.yaml
job=${1:?which job file?}
pawl run "$job" --quiet
code=$?
case $code in
  0) echo "in order" ;;
  3) echo "rows were set aside: pawl rejects show $job" ;;
  4) echo "source and target differ: pawl verify $job --level digest" ;;
  5 | 130 | 137 | 143) echo "cut off; the next run goes on from there" ;;
  6) echo "the run before is still at work" ;;
  *) echo "stopped: the error is above" ;;
esac
exit $code
