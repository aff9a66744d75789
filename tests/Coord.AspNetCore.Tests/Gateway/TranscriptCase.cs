using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Coord.AspNetCore.Tests.Gateway;

/// <summary>One request of a transcript, and what answers it.</summary>
/// <remarks>
/// <code>
/// # a remark
/// $ POST /path            the method; or STREAM and how many lines to read
/// the body                one line; {{x0a}} is a byte, {{ab*3}} is ababab
/// -- 200 application/json what etcd answered
/// the answer
/// == why                  only where Coord differs on purpose: the reason,
/// -- 400 application/json and what Coord answers instead
/// the answer
/// </code>
/// </remarks>
internal sealed partial class TranscriptCase
{
    public List<string> Remarks { get; } = [];

    public string Method { get; private set; } = "";

    public string Path { get; private set; } = "";

    public string Body { get; private set; } = "";

    public string Answer { get; set; } = "";

    public string? Reason { get; private set; }

    public string? OwnAnswer { get; private set; }

    /// <summary>Gets how many lines of a stream are read, or null if the answer is read to its end.</summary>
    public int? Lines { get; private set; }

    /// <summary>Gets the body as it is sent.</summary>
    public byte[] Bytes
    {
        get
        {
            string repeated = Repeat().Replace(Body, match =>
            {
                int count = int.Parse(match.Groups[2].Value, CultureInfo.InvariantCulture);
                return new StringBuilder().Insert(0, match.Groups[1].Value, count).ToString();
            });
            using MemoryStream bytes = new();
            int start = 0;
            foreach (Match match in SingleByte().Matches(repeated))
            {
                bytes.Write(Encoding.UTF8.GetBytes(repeated[start..match.Index]));
                bytes.WriteByte(Convert.FromHexString(match.Groups[1].Value)[0]);
                start = match.Index + match.Length;
            }

            bytes.Write(Encoding.UTF8.GetBytes(repeated[start..]));
            return bytes.ToArray();
        }
    }

    public static (string Head, List<TranscriptCase> Cases) Parse(string text)
    {
        List<TranscriptCase> cases = [];
        List<string> remarks = [];
        string? head = null;
        using StringReader reader = new(text);
        string? line = reader.ReadLine();
        while (line is not null)
        {
            if (line.StartsWith("$ ", StringComparison.Ordinal))
            {
                TranscriptCase next = new();
                next.Remarks.AddRange(remarks);
                remarks.Clear();
                line = next.ParseRequest(line, reader);
                cases.Add(next);
                continue;
            }

            if (line.StartsWith('#') && head is null)
                head = line;
            else if (line.StartsWith('#'))
                remarks.Add(line);
            line = reader.ReadLine();
        }

        return (head ?? "", cases);
    }

    public override string ToString()
    {
        StringBuilder text = new();
        foreach (string remark in Remarks)
            text.Append(remark).Append('\n');
        string method = Lines is null ? Method : $"STREAM {Lines}";
        text.Append(CultureInfo.InvariantCulture, $"$ {method} {Path}\n{Body}\n{Answer}\n");
        if (Reason is not null)
            text.Append(CultureInfo.InvariantCulture, $"== {Reason}\n{OwnAnswer}\n");
        return text.ToString();
    }

    private string? ParseRequest(string line, StringReader reader)
    {
        string[] words = line.Split(' ');
        Method = words[1];
        if (Method == "STREAM")
            (Method, Lines, Path) = ("POST", int.Parse(words[2], CultureInfo.InvariantCulture), words[3]);
        else
            Path = words[2];
        Body = reader.ReadLine() ?? "";
        line = reader.ReadLine() ?? "";
        Answer = ParseAnswer(ref line, reader);
        if (line.StartsWith("== ", StringComparison.Ordinal))
        {
            Reason = line[3..];
            line = reader.ReadLine() ?? "";
            OwnAnswer = ParseAnswer(ref line, reader);
        }

        return line;
    }

    private static string ParseAnswer(ref string line, StringReader reader)
    {
        List<string> lines = [];
        if (!line.StartsWith("-- ", StringComparison.Ordinal))
            return "";

        while (line.Length > 0 && !line.StartsWith("== ", StringComparison.Ordinal))
        {
            lines.Add(line);
            line = reader.ReadLine() ?? "";
        }

        return string.Join('\n', lines);
    }

    [GeneratedRegex(@"\{\{(.+?)\*(\d+)\}\}")]
    private static partial Regex Repeat();

    [GeneratedRegex(@"\{\{x([0-9a-f]{2})\}\}")]
    private static partial Regex SingleByte();
}
