"""Settings and an app that take one guard out of a running product, so that a test can be seen to fail.

Only the processes that a test starts use them: `DJANGO_SETTINGS_MODULE=tests.faults.unguarded.settings` and
`PIMHUB_TEST_WITHOUT=<guard>`.
"""
