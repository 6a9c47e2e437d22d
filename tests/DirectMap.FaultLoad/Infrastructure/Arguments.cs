using System.Globalization;

namespace DirectMap.FaultLoad.Infrastructure;

/// <summary>Options of the form "--name number"; anything else is an error.</summary>
internal sealed class Arguments
{
    private readonly Dictionary<string, int> _values = [];

    internal Arguments(string[] arguments, params string[] known)
    {
        for (int i = 0; i < arguments.Length; i += 2)
        {
            if (!known.Contains(arguments[i]) || i + 1 == arguments.Length
                || !int.TryParse(arguments[i + 1], NumberStyles.None, CultureInfo.InvariantCulture, out int value) || value == 0)
            {
                throw new UsageException(
                    $"'{arguments[i]}' is not one of {string.Join(", ", known)}, or has no positive number behind it.");
            }

            _values[arguments[i]] = value;
        }
    }

    internal int Get(string name, int otherwise) => _values.GetValueOrDefault(name, otherwise);
}

/// <summary>The command line is wrong.</summary>
internal sealed class UsageException(string message) : Exception(message);
