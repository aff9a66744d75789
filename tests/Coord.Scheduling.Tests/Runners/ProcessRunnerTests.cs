using System.Diagnostics;
using System.Globalization;
using Coord.Kv.Tests.Coordination;
using Coord.Scheduling.Leash;

namespace Coord.Scheduling.Tests.Runners;

/// <summary>
/// Real child processes on a real leash: how they start and end, and that none outlives its deadline.
/// </summary>
public sealed class ProcessRunnerTests
{
    [LinuxFact]
    public async Task A_service_runs_with_its_environment_and_its_output_is_heard()
    {
        using RunProbe probe = new();
        string file = Path.Combine(probe.Directory, "environment");
        await File.WriteAllTextAsync(file, "# comment\nFROM_FILE=\"a b\"\n");
        await using IRunningUnit run = await probe.StartAsync(RunProbe.Spec(
            ("Environment", "ONE=1 \"TWO=2 3\""),
            ("EnvironmentFile", file),
            ("EnvironmentFile", "-/does/not/exist"),
            ("WorkingDirectory", probe.Directory),
            ("ExecStart", "/bin/sh -c 'echo $$ONE,$$TWO,$$FROM_FILE; pwd; echo $$COORD_UNIT $$COORD_SLOT "
                + "$$COORD_NODE $$COORD_FENCING_TOKEN; echo oops >&2; echo %i ${ONE} 100%%'")));
        RunEnd end = await Soon.Done(run.Completion);
        Assert.Equal(0, end.ExitCode);
        await probe.LineAsync(line => line.StartsWith("7 1", StringComparison.Ordinal));
        Assert.Equal(
            ["1,2 3,a b", probe.Directory, "test@7.service 3 n1 42", "oops", "7 1 100%"], probe.Output);
        Assert.True(probe.IsReady);
    }

    [LinuxFact]
    public async Task A_stop_asks_the_whole_group_to_end()
    {
        using RunProbe probe = new();
        await using IRunningUnit run = await probe.ShellAsync("sleep 1000 & echo pid $$$$; wait");
        int pid = await probe.PidAsync();
        Assert.True(ProcessTable.IsGroupRunning(pid));
        run.RequestStop();
        RunEnd end = await Soon.Done(run.Completion);
        Assert.Equal((null, NativeProcess.Sigterm), (end.ExitCode, end.Signal));
        await RunProbe.GoneAsync(pid);
    }

    [LinuxFact]
    public async Task What_ignores_the_stop_is_killed()
    {
        using RunProbe probe = new();
        await using IRunningUnit run = await probe.ShellAsync(
            "trap \"echo ignored\" TERM; echo pid $$$$; while :; do sleep 0.01; done");
        int pid = await probe.PidAsync();
        run.RequestStop();
        await probe.LineAsync(line => line == "ignored");
        Assert.False(run.Completion.IsCompleted);
        run.Kill();
        RunEnd end = await Soon.Done(run.Completion);
        Assert.Equal(NativeProcess.Sigkill, end.Signal);
        await RunProbe.GoneAsync(pid);
    }

    /// <summary>What a service leaves behind in its group does not go on beside the service's next runner.</summary>
    [LinuxFact]
    public async Task A_service_that_ends_takes_what_it_started_with_it()
    {
        using RunProbe probe = new();
        await using IRunningUnit run = await probe.ShellAsync("sleep 1000 & echo pid $$$$; exit 5");
        RunEnd end = await Soon.Done(run.Completion);
        Assert.Equal(5, end.ExitCode);
        await RunProbe.GoneAsync(await probe.PidAsync());
    }

    [LinuxFact]
    public async Task Commands_before_it_run_first_and_their_failure_is_a_failure_to_start()
    {
        using RunProbe probe = new();
        await using (IRunningUnit run = await probe.StartAsync(RunProbe.Spec(
            ("ExecStartPre", "-/bin/false"),
            ("ExecStartPre", "/bin/echo first"),
            ("ExecStart", "/bin/echo second"))))
        {
            await Soon.Done(run.Completion);
            await probe.LineAsync(line => line == "second");
            Assert.Equal(["first", "second"], probe.Output);
        }

        UnitStartException failure = await Assert.ThrowsAsync<UnitStartException>(() => probe.StartAsync(
            RunProbe.Spec(("ExecStartPre", "/bin/false"), ("ExecStart", "/bin/echo never"))));
        Assert.Equal("ExecStartPre=/bin/false: It ended with exit code 1.", failure.Message);
        Assert.DoesNotContain("never", probe.Output);
    }

    [LinuxFact]
    public async Task Its_own_command_to_stop_runs_before_the_signal()
    {
        using RunProbe probe = new();
        await using IRunningUnit run = await probe.StartAsync(RunProbe.Spec(
            ("ExecStart", "/bin/sh -c 'trap \"echo usr1; exit 3\" USR1; echo pid $$$$; while :; do sleep 0.01; done'"),
            ("ExecStop", "/bin/sh -c 'kill -USR1 $$MAINPID; while kill -0 $$MAINPID; do sleep 0.01; done'")));
        await probe.PidAsync();
        run.RequestStop();
        RunEnd end = await Soon.Done(run.Completion);
        await probe.LineAsync(line => line == "usr1");
        Assert.Equal(3, end.ExitCode);
    }

    [LinuxFact]
    public async Task A_oneshot_runs_its_commands_one_after_the_other()
    {
        using RunProbe probe = new();
        await using IRunningUnit run = await probe.StartAsync(RunProbe.Spec(
            ("Type", "oneshot"),
            ("ExecStart", "/bin/echo one"),
            ("ExecStart", "-/bin/false"),
            ("ExecStart", "/bin/sh -c 'echo three; exit 4'"),
            ("ExecStart", "/bin/echo never")));
        RunEnd end = await Soon.Done(run.Completion);
        Assert.Equal(4, end.ExitCode);
        await probe.LineAsync(line => line == "three");
        Assert.Equal(["one", "three"], probe.Output);
    }

    [LinuxFact]
    public async Task What_cannot_be_started_says_why()
    {
        using RunProbe probe = new();
        await RefusesAsync("there is no program /bin/nothing", ("ExecStart", "/bin/nothing"));
        string file = Path.Combine(probe.Directory, "text");
        await File.WriteAllTextAsync(file, "no program");
        await RefusesAsync("is not executable", ("ExecStart", file));
        await RefusesAsync("a quote that nothing closes", ("ExecStart", "/bin/echo \"a"));
        await RefusesAsync("%x is not a known specifier", ("ExecStart", "/bin/echo %x"));
        await RefusesAsync("WorkingDirectory=/no/where", ("ExecStart", "/bin/true"), ("WorkingDirectory", "/no/where"));
        await RefusesAsync("EnvironmentFile=/no/file", ("ExecStart", "/bin/true"), ("EnvironmentFile", "/no/file"));
        await RefusesAsync("no pair", ("ExecStart", "/bin/true"), ("Environment", "A"));
        Assert.False(probe.Runner.CanRun(RunProbe.Spec(("Type", "forking")), out string reason));
        Assert.Contains("systemd", reason, StringComparison.Ordinal);

        async Task RefusesAsync(string message, params (string Name, string Value)[] options)
        {
            UnitStartException refusal = await Assert.ThrowsAsync<UnitStartException>(
                () => probe.StartAsync(RunProbe.Spec(options)));
            Assert.Contains(message, refusal.Message, StringComparison.Ordinal);
        }
    }

    /// <summary>G2: whoever froze the agent, the leash ends what runs: by a request first, then by force.</summary>
    [LinuxFact]
    public async Task Nothing_outlives_the_deadline_that_was_given_last()
    {
        using RunProbe probe = new();
        await using IRunningUnit run = await probe.ShellAsync(
            "trap \"echo asked\" TERM; echo pid $$$$; while :; do sleep 0.01; done");
        int pid = await probe.PidAsync();
        probe.Allow(TimeSpan.FromMilliseconds(1), TimeSpan.FromMilliseconds(500));
        await probe.LineAsync(line => line == "asked");
        RunEnd end = await Soon.Done(run.Completion);
        Assert.Equal(NativeProcess.Sigkill, end.Signal);
        await RunProbe.GoneAsync(pid);

        // And nothing is started after it, until there is another one.
        UnitStartException late = await Assert.ThrowsAsync<UnitStartException>(() => probe.ShellAsync("echo late"));
        Assert.Equal("The node is out of touch.", late.Message);
        probe.Allow(TimeSpan.FromHours(1), TimeSpan.FromHours(1));
        await using IRunningUnit next = await probe.ShellAsync("echo again");
        await Soon.Done(next.Completion);
    }

    [LinuxFact]
    public async Task The_end_of_the_agent_is_the_end_of_its_children()
    {
        int pid;
        using (RunProbe probe = new())
        {
            await using IRunningUnit run = await probe.ShellAsync("echo pid $$$$; sleep 1000");
            pid = await probe.PidAsync();
        }

        Assert.False(ProcessTable.IsGroupRunning(pid));
    }

    [LinuxFact]
    public async Task The_death_of_the_leash_is_the_end_of_its_children_and_another_one_takes_over()
    {
        using RunProbe probe = new();
        await using IRunningUnit run = await probe.ShellAsync("echo pid $$$$; sleep 1000");
        int pid = await probe.PidAsync();
        Process.GetProcessById(LeashOf(pid)).Kill();
        RunEnd end = await Soon.Done(run.Completion);
        Assert.False(end.IsSuccess);
        await RunProbe.GoneAsync(pid);
        await using IRunningUnit next = await probe.ShellAsync("echo again");
        await Soon.Done(next.Completion);
        await probe.LineAsync(line => line == "again");
    }

    /// <summary>G7: what a leash that was killed has left is gone before the next one is ready.</summary>
    [LinuxFact]
    public async Task A_leash_ends_what_an_earlier_one_left()
    {
        using RunProbe probe = new();
        using Process survivor = Process.Start("/usr/bin/setsid", ["/bin/sleep", "1000"]);
        await Soon.Is(() => ProcessTable.IsGroupRunning(survivor.Id));
        await File.WriteAllTextAsync(
            Path.Combine(probe.Directory, "leash.children"),
            string.Create(
                CultureInfo.InvariantCulture, $"{survivor.Id} {ProcessTable.StartTime(survivor.Id)}\nrubbish\n1 1\n"));
        await Soon.Done(probe.Runner.PrepareAsync(CancellationToken.None));
        Assert.False(ProcessTable.IsGroupRunning(survivor.Id));
        await survivor.WaitForExitAsync();
    }

    [LinuxFact]
    public async Task A_process_that_has_the_id_of_an_earlier_child_is_left_alone()
    {
        using RunProbe probe = new();
        using Process stranger = Process.Start("/usr/bin/setsid", ["/bin/sleep", "1000"]);
        await Soon.Is(() => ProcessTable.IsGroupRunning(stranger.Id));
        await File.WriteAllTextAsync(
            Path.Combine(probe.Directory, "leash.children"),
            string.Create(CultureInfo.InvariantCulture, $"{stranger.Id} {ProcessTable.StartTime(stranger.Id) - 1}\n"));
        await Soon.Done(probe.Runner.PrepareAsync(CancellationToken.None));
        Assert.True(ProcessTable.IsGroupRunning(stranger.Id));
        stranger.Kill();
        await stranger.WaitForExitAsync();
    }

    [LinuxFact]
    public async Task Giving_up_a_start_leaves_nothing_behind()
    {
        using RunProbe probe = new();
        using CancellationTokenSource stop = new();
        Task<IRunningUnit> start = probe.StartAsync(
            RunProbe.Spec(
                ("ExecStartPre", "/bin/sh -c 'echo pid $$$$; sleep 1000'"), ("ExecStart", "/bin/echo never")),
            stop.Token);
        int pid = await probe.PidAsync();
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<Exception>(() => start);
        await RunProbe.GoneAsync(pid);
        Assert.DoesNotContain("never", probe.Output);
    }

    [LinuxFact]
    public void Output_that_nobody_reads_is_dropped_and_ends_are_not()
    {
        using EventQueue queue = new(maxOutput: 2);
        for (int i = 0; i < 5; i++)
            queue.Add(new(LeashEventKind.Output, 1, Text: $"line {i}"));
        queue.Add(new(LeashEventKind.Ended, 1));
        Assert.Equal("line 0", queue.Take().Text);
        queue.Add(new(LeashEventKind.Output, 1, Text: "line 5"));
        Assert.Equal("line 1", queue.Take().Text);
        Assert.Equal(LeashEventKind.Ended, queue.Take().Kind);
        Assert.Equal("[3 lines left out] line 5", queue.Take().Text);
    }

    private static int LeashOf(int pid)
    {
        string[] fields = File.ReadAllText($"/proc/{pid}/stat").Split(") ")[^1].Split(' ');
        return int.Parse(fields[1], CultureInfo.InvariantCulture);
    }
}
