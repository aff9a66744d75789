using System.Text;
using Coord.Scheduling.UnitFiles;
using FsCheck;
using FsCheck.Xunit;

namespace Coord.Scheduling.Tests.UnitFiles;

/// <summary>Whatever the bytes are: no exception, and what is read is written and read again as the same.</summary>
public sealed class UnitFileProperties
{
    private const string Seeds = """
        [Unit]
        Description=a \
        b
        Requires=x.service y.service
        [Service]
        Type=simple
        ExecStart=/bin/sh -c "echo '%n' %% \"%i\""
        RestartSec=1min 30s
        MemoryMax=512M
        CPUQuota=20%
        Restart=always
        [X-Fleet]
        MachineMetadata="a=b" "c=d"
        MachineMetadata=a=c
        Conflicts=web@*.service
        [X-Coord]
        Schedule=*/5 * * * *
        Resource=gpu=1
        """;

    [Property(MaxTest = 2000)]
    public bool Mutated_files_never_throw_and_round_trip(DoNotSize<int> seed)
    {
        string text = Mutate(new Random(seed.Item));
        if (!UnitFile.TryParse(text, out UnitFile? file, out UnitFileError? error))
            return error.Message.Length > 0;

        Assert.True(UnitNameParts.TryParse("web@1.service", out UnitNameParts? name, out _));
        UnitFileReading reading = UnitFileReader.Read(name, file, UnitState.Launched);
        Assert.Equal(reading.Spec is null, reading.Problems.Count > 0);
        return UnitFile.TryParse(file.ToString(), out UnitFile? again, out _)
            && again.ToString() == file.ToString()
            && UnitFile.TryCreate(file.Options, out _, out _);
    }

    [Property(MaxTest = 2000)]
    public bool Arbitrary_bytes_never_throw(byte[] bytes) =>
        UnitFile.TryParse(Encoding.UTF8.GetString(bytes), out UnitFile? file, out UnitFileError? error)
            ? file.Options.Count <= bytes.Length
            : error.Line >= 0;

    [Property(MaxTest = 2000)]
    public void A_pattern_matches_as_a_literal_statement_of_the_rule_does(DoNotSize<int> seed)
    {
        var random = new Random(seed.Item);
        string pattern = Text(random, "ab*?[]^-\\", 8);
        string name = Text(random, "ab-", 8);
        Assert.True(UnitGlob.IsMatch(pattern, name) == SlowGlob.IsMatch(pattern, name), $"'{pattern}' and '{name}'");
    }

    private static string Text(Random random, string letters, int length) =>
        new(random.GetItems(letters.AsSpan(), random.Next(length)));

    private static string Mutate(Random random)
    {
        var text = new StringBuilder(Seeds);
        for (int i = random.Next(8); i >= 0 && text.Length > 0; i--)
        {
            int at = random.Next(text.Length);
            switch (random.Next(4))
            {
                case 0: text.Remove(at, Math.Min(random.Next(1, 20), text.Length - at)); break;
                case 1: text.Insert(at, Text(random, "\n\r\\[]=%\"'#; \0a0é", 6)); break;
                case 2: text[at] = (char)random.Next(0x100); break;
                default: text.Insert(at, text.ToString(at, Math.Min(random.Next(60), text.Length - at))); break;
            }
        }

        return text.ToString();
    }
}
