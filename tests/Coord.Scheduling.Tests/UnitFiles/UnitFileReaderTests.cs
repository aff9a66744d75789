using Coord.Scheduling.UnitFiles;

namespace Coord.Scheduling.Tests.UnitFiles;

/// <summary>What options mean: fleet's documentation of unit files, and Coord's own section.</summary>
public sealed class UnitFileReaderTests
{
    private const string Service = "[Service]\nExecStart=/bin/true\n";

    [Fact]
    public void Metadata_is_or_within_a_key_and_and_across_keys()
    {
        UnitSpec spec = Read(Service + """
            [X-Fleet]
            MachineMetadata="region=us-east-1" "disk=ssd"
            MachineMetadata=region=us-west-1
            """);
        Assert.Equal(["disk: ssd", "region: us-east-1, us-west-1"],
            spec.Constraints.RequiredLabels.Select(label => $"{label.Key}: {string.Join(", ", label.Values)}"));
        Assert.Equal(UnitKind.Singleton, spec.Kind);
        Assert.Equal(RestartPolicy.No, spec.Restart);
    }

    [Fact]
    public void Specifiers_are_the_parts_of_the_name()
    {
        UnitSpec spec = Read(
            Service + "[X-Fleet]\nMachineOf=db-%p@%i.service\nConflicts=%p@*.service %N-%%", "web@7.service");
        Assert.Equal("db-web@7.service", spec.Constraints.SameNodeAs.Value);
        Assert.Equal(["web@*.service", "web@7-%"], spec.Constraints.Conflicts);
    }

    [Theory]
    [InlineData("MachineID=a\nMachineOf=b.service", "MachineID cannot be used with MachineOf")]
    [InlineData("MachineID=a\nConflicts=b", "MachineID cannot be used with Conflicts")]
    [InlineData("MachineID=a\nReplaces=b", "MachineID cannot be used with Replaces")]
    [InlineData("MachineID=a\nGlobal=true", "MachineID cannot be used with Global")]
    [InlineData("Global=yes\nMachineOf=b.service", "Global cannot be used with MachineOf")]
    [InlineData("Global=1\nReplaces=b", "Global cannot be used with Replaces")]
    [InlineData("Conflicts=a\nReplaces=b", "Conflicts cannot be used with Replaces")]
    [InlineData("MachineOf=web.service\nConflicts=we?.*", "Conflicts=we?.* matches MachineOf=web.service")]
    [InlineData("MachineOf=web.service\nReplaces=w*", "Replaces=w* matches MachineOf=web.service")]
    [InlineData("MachineOf=foo.service", "is the unit itself")]
    [InlineData("MachineOf=a.service\nMachineOf=b.service", "more than one unit")]
    [InlineData("MachineMetadata=region", "no pair")]
    [InlineData("MachineMetadata=a=b=c", "no pair")]
    [InlineData("MachineOff=a", "MachineOff is not known")]
    [InlineData("MachineOf=%x", "%x is not a known specifier")]
    [InlineData("MachineMetadata=\"a=b\" c=d\"", "a quote that nothing closes")]
    public void What_cannot_hold_is_rejected_with_its_reason(string fleet, string reason) =>
        Rejects($"{Service}[X-Fleet]\n{fleet}", reason);

    [Fact]
    public void A_global_unit_can_have_metadata_and_conflicts()
    {
        UnitSpec spec = Read(Service + "[X-Fleet]\nGlobal=true\nMachineMetadata=a=b\nConflicts=c*");
        Assert.Equal(UnitKind.Global, spec.Kind);
        Assert.Equal(["c*"], spec.Constraints.Conflicts);
        Assert.Equal(UnitKind.Singleton, Read(Service + "[X-Fleet]\nGlobal=true\nGlobal=false").Kind);
    }

    [Fact]
    public void The_names_of_old_versions_of_fleet_still_count()
    {
        UnitConstraints old = Read(Service + """
            [X-Fleet]
            X-ConditionMachineMetadata=a=b
            X-ConditionMachineOf=c.service
            X-Conflicts=d e
            """).Constraints;
        Assert.Equal("a", Assert.Single(old.RequiredLabels).Key);
        Assert.Equal("c.service", old.SameNodeAs.Value);
        Assert.Equal(["d", "e"], old.Conflicts);
        Assert.Equal("m1", Read(Service + "[X-Fleet]\nX-ConditionMachineID=m1").Constraints.PinnedTo.Value);
    }

    [Fact]
    public void A_service_says_how_it_restarts_and_what_it_may_use()
    {
        UnitSpec spec = Read("""
            [Unit]
            After=a.service b.service
            Requires=a.service
            BindsTo=b.service
            [Service]
            ExecStart=/bin/true
            Restart=on-failure
            RestartSec=1min 30s
            TimeoutStopSec=500ms
            CPUQuota=150%
            MemoryMax=512M
            TasksMax=100
            Nice=5
            """, warnings: "[Service] Nice means nothing to Coord; only the systemd runner knows it.");
        Assert.Equal(RestartPolicy.OnFailure, spec.Restart);
        Assert.Equal(TimeSpan.FromSeconds(90), spec.RestartDelay);
        Assert.Equal(TimeSpan.FromMilliseconds(500), spec.StopGrace);
        Assert.Equal([new("cpu", 1500), new("memory", 512L << 20)], spec.Requests);
        Assert.Equal(["a.service", "b.service"], spec.Dependencies.After.Select(unit => unit.Value));
        Assert.Equal("a.service", Assert.Single(spec.Dependencies.Requires).Value);
        Assert.Equal("b.service", Assert.Single(spec.Dependencies.BindsTo).Value);
    }

    [Theory]
    [InlineData("[Service]\nRestart=maybe\nExecStart=a", "Restart=maybe is not known")]
    [InlineData("[Service]\nRestartSec=soon\nExecStart=a", "RestartSec=soon is no time")]
    [InlineData("[Service]\nCPUQuota=0%\nExecStart=a", "CPUQuota=0% is no share")]
    [InlineData("[Service]\nMemoryMax=9999999999999T\nExecStart=a", "is no size")]
    [InlineData("[Service]\nTasksMax=0\nExecStart=a", "TasksMax=0 is no number above zero")]
    [InlineData("[Service]\nUser=a", "ExecStart says what to run")]
    [InlineData("[Service]\nExecStart=a\nExecStart=b", "ExecStart says what to run")]
    [InlineData("[Unit]\nAfter=a/b\n[Service]\nExecStart=a", "a/b: this cannot be a unit's name")]
    public void What_a_service_says_must_make_sense(string text, string reason) => Rejects(text, reason);

    [Fact]
    public void Coords_section_says_what_fleet_could_not()
    {
        UnitSpec spec = Read(Service + """
            [X-Coord]
            Replicas=3
            Spread=zone
            MaxSkew=2
            Cpu=250m
            Memory=1G
            Resource=gpu=1 port=2
            Tolerates=slow
            Priority=10
            Version=1.2
            """);
        Assert.Equal((UnitKind.Replicas, 3), (spec.Kind, spec.Count));
        Assert.Equal(new SpreadRule("zone", 2), spec.Constraints.Spread);
        Assert.Equal([new("cpu", 250), new("gpu", 1), new("memory", 1L << 30), new("port", 2)], spec.Requests);
        Assert.Equal(["slow"], spec.Constraints.Tolerations);
        Assert.Equal((10, "1.2"), (spec.Priority, spec.Version));

        UnitSpec cron = Read(Service + "[X-Coord]\nSchedule=0 3 * * *\nTimeZone=Europe/Berlin\nMisfire=skip");
        Assert.Equal(new CronSchedule("0 3 * * *", "Europe/Berlin", MisfirePolicy.Skip), cron.Schedule);
        Assert.Equal((UnitKind.Shards, 16), Kind("Shards=16"));
        Assert.Equal("systemd", Read(Service + "[X-Coord]\nRunner=systemd").Runner);

        (UnitKind, int) Kind(string line)
        {
            UnitSpec unit = Read($"{Service}[X-Coord]\n{line}");
            return (unit.Kind, unit.Count);
        }
    }

    [Theory]
    [InlineData("Replicas=3\nShards=2", "exclude each other")]
    [InlineData("Replicas=-1", "Replicas=-1 is no number from 0")]
    [InlineData("Schedule=every day", "has no five or six fields")]
    [InlineData("Schedule=* * * * *\nTimeZone=Nowhere", "TimeZone=Nowhere is not known")]
    [InlineData("Schedule=* * * * *\nMisfire=x", "is not skip, fire-once or fire-all")]
    [InlineData("Cpu=much", "no number of thousandths")]
    [InlineData("Memory=infinity", "no size")]
    [InlineData("Resource=gpu", "no pair")]
    [InlineData("Replica=3", "Replica is not known")]
    public void Coords_section_rejects_what_makes_no_sense(string coord, string reason) =>
        Rejects($"{Service}[X-Coord]\n{coord}", reason);

    [Theory]
    [InlineData("foo.service", "foo", "foo", "", false)]
    [InlineData("foo@.service", "foo@", "foo", "", true)]
    [InlineData("foo@1.service", "foo@1", "foo", "1", false)]
    [InlineData("a.b@c@d.timer", "a.b@c@d", "a.b", "c@d", false)]
    public void A_name_has_parts(string text, string name, string prefix, string instance, bool isTemplate)
    {
        Assert.True(UnitNameParts.TryParse(text, out UnitNameParts? parts, out _));
        Assert.Equal((name, prefix, instance), (parts.Name, parts.Prefix, parts.Instance));
        Assert.Equal(isTemplate, parts.IsTemplate);
        Assert.Equal(instance.Length > 0 ? $"{prefix}@.{parts.Suffix}" : "", parts.Template.Value);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("foo")]
    [InlineData("foo.")]
    [InlineData(".service")]
    [InlineData("foo.exe")]
    [InlineData("@1.service")]
    [InlineData("foo@1.mount")]
    [InlineData("foo bar.service")]
    public void A_unit_files_name_ends_in_a_known_type(string? text)
    {
        Assert.False(UnitNameParts.TryParse(text, out _, out string reason));
        Assert.NotEmpty(reason);
    }

    [Fact]
    public void A_template_is_not_run()
    {
        Assert.True(UnitFile.TryParse(Service, out UnitFile? file, out _));
        Assert.True(UnitNameParts.TryParse("foo@.service", out UnitNameParts? name, out _));
        Assert.NotNull(UnitFileReader.Read(name, file, UnitState.Inactive).Spec);
        Assert.Contains("foo@1.service", Assert.Single(UnitFileReader.Read(name, file, UnitState.Loaded).Problems),
            StringComparison.Ordinal);
    }

    private static UnitFileReading ReadAll(string text, string name = "foo.service")
    {
        Assert.True(UnitFile.TryParse(text, out UnitFile? file, out UnitFileError? error), error?.ToString());
        Assert.True(UnitNameParts.TryParse(name, out UnitNameParts? parts, out _));
        return UnitFileReader.Read(parts, file, UnitState.Launched);
    }

    private static UnitSpec Read(string text, string name = "foo.service", params string[] warnings)
    {
        UnitFileReading reading = ReadAll(text, name);
        Assert.Empty(reading.Problems);
        Assert.Equal(warnings, reading.Warnings);
        return reading.Spec!;
    }

    private static void Rejects(string text, string reason)
    {
        UnitFileReading reading = ReadAll(text);
        Assert.Null(reading.Spec);
        Assert.Contains(reason, Assert.Single(reading.Problems), StringComparison.Ordinal);
    }
}
